"""Find runs by words: each word must occur in the texts that people know of a run."""

from __future__ import annotations

import json

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, TextField, Value
from django.db.models.functions import Cast, Upper

from runs.models import Run, RunTag

MOST_WORDS = 10


def has_words(text: str) -> Q:
    """Build the condition on `ListedRun` that a run has every word of `text` in a field.

    Searched are name, data, network, owner, tags, reason, description, notes, and the run's number.
    """
    condition = Q()
    for word in text.split()[:MOST_WORDS]:
        condition &= _has(word)
    return condition


def _has(word: str) -> Q:
    """Build the condition that a run has the word.

    Owners are found by a query of their own: joined, SQLite walks all runs owner by owner.
    """
    found = _in_words(word)
    found |= Q(owner__in=User.objects.filter(username__icontains=word).values("pk"))
    found |= Q(pk__in=RunTag.objects.filter(name__contains=word.lower()).values("run"))
    spelling = json.dumps(word)[1:-1]  # SQLite keeps JSON in ASCII
    if spelling != word:
        found |= _in_words(spelling) & Q(_in_notes(spelling))
    number = word.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 19:
        found |= Q(pk=int(number))
    return found


def _in_words(word: str) -> Q:
    """Let the database write the word in capitals, as it has written the texts."""
    return Q(words__contains=Upper(Value(word)))


def _in_notes(spelling: str) -> Exists:
    """Look at the notes alone: in other texts the spelling would mean itself."""
    noted = Run.objects.filter(pk=OuterRef("pk")).alias(notes_text=Cast("notes", TextField()))
    return Exists(noted.filter(notes_text__icontains=spelling))
