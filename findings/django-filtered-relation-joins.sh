#!/usr/bin/env bash
set -euo pipefail
# Version: django 5.2.19
# One would guess: a `FilteredRelation` gives one join a name, so that all conditions on that name speak of the same row.
# Seen: of two conditions in two calls of `filter`, the second joins the table once more under the same condition, as it
#   does for a relation without a name. In one call they share the join. With a relation of which each object has one row by
#   its condition, the answer is the same, and each row is looked up twice.
# Cost: a sorted list paged by "has a value" and then "less than the last one shown" joined its table once more for each
#   step, and took twice as long. Put all conditions on it into one `filter`.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet django==5.2.19

mkdir shop
touch shop/__init__.py
cat > shop/models.py <<'PYTHON'
from django.db import models


class Article(models.Model):
    pass


class Rating(models.Model):
    article = models.ForeignKey(Article, models.CASCADE, related_name="ratings")
    kind = models.CharField(max_length=10)
    stars = models.IntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["article", "kind"], name="one_of_each_kind")]
PYTHON
cat > finding.py <<'PYTHON'
import sys

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}, INSTALLED_APPS=["shop"]
)
django.setup()

from django.db.models import FilteredRelation, Q

from shop.models import Article

rated = Article.objects.annotate(taste=FilteredRelation("ratings", condition=Q(ratings__kind="taste")))
ways = {
    "one call": rated.filter(taste__stars__gt=1, taste__stars__lt=5),
    "two calls": rated.filter(taste__stars__gt=1).filter(taste__stars__lt=5),
}
joins = {name: str(query.query).count(" JOIN ") for name, query in ways.items()}
print(f"django {django.__version__}: joins: {joins}")
if joins != {"one call": 1, "two calls": 2}:
    sys.exit("Changed: the name stands for one join.")
PYTHON
venv/bin/python finding.py
