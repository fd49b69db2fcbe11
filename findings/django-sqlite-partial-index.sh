#!/usr/bin/env bash
set -euo pipefail
# Version: django 5.2.19, with the SQLite of Python
# One would guess: a query with the very condition of a partial index, `Index(condition=Q(...))` and `filter(Q(...))`
#   with the same Q, uses that index.
# Seen: it scans the table. Django passes the values of the condition as parameters, and SQLite, which compares the text
#   of the two conditions, cannot know them when it plans. With the same condition written out it uses the index.
# Cost: queries for the few events that last read all events of a run, and the index was of no use. Write the condition out with RawSQL, from constants
#   alone; a condition without values, such as Q(done=False), needs nothing.

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet django==5.2.19

cat > finding.py <<'PYTHON'
import sqlite3
import sys

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.db import connection, models
from django.db.models.expressions import RawSQL

LASTING = ~models.Q(kind__in=["batch", "statistics"])


class Event(models.Model):
    run = models.IntegerField()
    kind = models.CharField(max_length=20)

    class Meta:
        app_label = "finding"
        indexes = [models.Index(fields=["run"], name="lasting_events", condition=LASTING)]


with connection.schema_editor() as editor:
    editor.create_model(Event)
written_out = RawSQL("NOT (kind IN ('batch', 'statistics'))", [], output_field=models.BooleanField())
plans = {
    "the same Q": Event.objects.filter(LASTING, run=1).explain(),
    "written out": Event.objects.filter(written_out, run=1).explain(),
}
print(f"SQLite {sqlite3.sqlite_version}: {plans}")
if "lasting_events" in plans["the same Q"] or "lasting_events" not in plans["written out"]:
    sys.exit("Changed: the partial index is used by its own condition, or not even by the one written out.")
PYTHON
venv/bin/python finding.py
