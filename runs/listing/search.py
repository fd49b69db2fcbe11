"""Find runs by words: each word must occur in the texts that people know of a run."""

from __future__ import annotations

import json

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from runs.models import Run, RunTag

MOST_WORDS = 10
_COLUMNS = ("experiment_name", "source_path", "model_name", "reason", "description")


def matching(runs: QuerySet[Run], text: str) -> QuerySet[Run]:
    """Keep runs that have every word of `text` in a field.

    Searched are name, data, network, owner, tags, reason, description, notes, and the run's number.
    """
    runs = runs.alias(notes_text=Cast("notes", TextField()))
    for word in text.split()[:MOST_WORDS]:
        runs = runs.filter(_has(word))
    return runs


def _has(word: str) -> Q:
    """Build the condition that a run has the word.

    Owners are found by a query of their own: joined, SQLite walks all runs owner by owner.
    """
    found = Q(owner__in=User.objects.filter(username__icontains=word).values("pk"))
    found |= Q(pk__in=RunTag.objects.filter(name__contains=word.lower()).values("run"))
    for column in _COLUMNS:
        found |= Q(**{f"{column}__icontains": word})
    for spelling in {word, json.dumps(word)[1:-1]}:  # SQLite keeps JSON in ASCII
        found |= Q(notes_text__icontains=spelling)
    number = word.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 19:
        found |= Q(pk=int(number))
    return found
