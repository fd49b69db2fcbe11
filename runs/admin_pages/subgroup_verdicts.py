"""Say which group of samples is shown to be worse, for the admin; the run's page has all groups with their numbers."""

from __future__ import annotations

import msgspec
from django.utils.text import Truncator

from runs.files import training_files
from runs.files.store import StoreError
from runs.models import Run

FILE = "subgroups.json"
LONGEST = 1000  # characters


class _Split(msgspec.Struct, frozen=True):
    verdict: str


class _Subgroups(msgspec.Struct, frozen=True):
    splits: dict[str, _Split] = {}


def subgroup_verdicts(run: Run) -> list[tuple[str, str]]:
    """Return the split and what is said of it, test first; nothing where the training wrote no such sentence."""
    try:
        found = msgspec.convert(training_files.read_object(run, FILE), _Subgroups).splits
    except (StoreError, msgspec.ValidationError):
        return []
    return [(split, Truncator(found[split].verdict).chars(LONGEST)) for split in ("test", "val") if split in found]
