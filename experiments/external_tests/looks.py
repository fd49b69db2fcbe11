"""Count how often the samples of other data were looked at: the only writer of `ExternalLook`, and its reader.

A look at them is an external test, or a run whose own test split has the very same samples.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Max

from experiments.models import ExternalLook, ExternalTest
from runs.derived_models import SplitLook
from runs.wording.looks_text import looks_text

AGAIN = "each external test of a run counts, a removed one too"


def next_number(run_id: int) -> int:
    """Return the number of a run's next external test: one more than any that it has had, removed ones too."""
    newest = ExternalLook.objects.filter(run_number=run_id).aggregate(newest=Max("number"))["newest"]
    return (newest or 0) + 1


def add(test: ExternalTest) -> None:
    """Count a test that was just recorded, in the transaction of that."""
    ExternalLook.objects.create(identity=test.identity, run_number=test.run_id, number=test.number, at=test.created_at)


def of_test(test: ExternalTest) -> dict[str, Any]:
    """Count the looks at the samples of a test up to now, in numbers and words."""
    external = list(ExternalLook.objects.filter(identity=test.identity).values_list("run_number", "number"))
    internal = list(SplitLook.objects.filter(identity=test.identity).values_list("run_number", flat=True))
    runs = {number for number, _ in external} | set(internal)
    looks = len(external) + len(internal)
    return {"looks": looks, "runs": len(runs), "text": looks_text(looks, len(runs), again=AGAIN)}
