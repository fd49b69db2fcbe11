"""Say whether one run ranks the samples of a split better than the others: only of the same samples, and not by chance.

Brings NumPy and Arrow: a web process loads it with the first comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypedDict

from runs.comparison import stored_scores
from runs.comparison.stored_scores import Scores
from runs.models import FinalResult, Run
from runs.statistics.paired_auroc import paired_difference
from runs.statistics.roc import Floats, auroc

SPLITS = ("test", "val")
REMEMBERED = 64  # comparisons; each holds a few numbers


class Against(TypedDict):
    """The best run less another one; the ends are null where too few samples tell nothing."""

    run: int
    difference: float
    low: float | None
    high: float | None


class Compared(TypedDict):
    """One split. `problem` says why nothing is compared; else `best` is the run that is shown to be better than all."""

    samples: int | None
    patients: int | None
    highest: int | None
    best: int | None
    against: list[Against]
    problem: str | None


class NotComparable(Exception):
    """The runs cannot be compared, as the sentence says; it is not remembered, for a file may still come."""


def differences(runs: Sequence[Run]) -> dict[str, Compared]:
    """Compare the ended runs in each split that two or more of them evaluated. Raises StoreError."""
    ended = [run for run in runs if run.status in Run.ENDED]
    evaluated = set(FinalResult.objects.filter(run__in=ended).values_list("run_id", "split"))
    splits = {split: [run for run in ended if (run.pk, split) in evaluated] for split in SPLITS}
    return {split: _answer(found, split) for split, found in splits.items() if len(found) > 1}


def _answer(runs: Sequence[Run], split: str) -> Compared:
    if len({run.dataset_hash or run.source_path for run in runs}) > 1:
        return _nothing("The runs trained on different data.")
    try:
        return _compared(tuple((run.pk, run.attempt) for run in runs), split)
    except NotComparable as error:
        return _nothing(str(error))


@lru_cache(maxsize=REMEMBERED)
def _compared(key: tuple[tuple[int, int], ...], split: str) -> Compared:
    """Compare the runs of these numbers and attempts: what an attempt has evaluated does not change."""
    runs = Run.objects.in_bulk([number for number, _ in key])
    first: Scores | None = None
    scores: dict[int, Floats] = {}
    for number, _ in key:
        found = stored_scores.read(runs[number], split)
        if found is None:
            raise NotComparable(f"Run {number} has no scores of two classes that can be paired with those of others.")
        if first is not None and not found.has_samples_of(first):
            raise NotComparable("The runs evaluated different samples.")
        first = first or found
        scores[number] = found.scores
    if first is None:
        raise NotComparable("There is nothing to compare.")
    return _ranked(first, scores)


def _ranked(samples: Scores, scores: dict[int, Floats]) -> Compared:
    positive, patients = samples.labels == 1, samples.patient_codes()
    areas = {run: auroc(found, positive) or 0.0 for run, found in scores.items()}
    highest = max(areas, key=lambda run: areas[run])
    against: list[Against] = []
    shown = True
    for run, found in scores.items():
        if run == highest:
            continue
        difference = paired_difference(scores[highest], found, positive, patients)
        if difference is None:
            raise NotComparable("The split has samples of one class alone.")
        shown = shown and difference.excludes_zero
        against.append({"run": run, "difference": difference.value, "low": difference.low, "high": difference.high})
    return {
        "samples": len(samples.labels),
        "patients": None if patients is None else int(patients.max()) + 1,
        "highest": highest,
        "best": highest if shown else None,
        "against": against,
        "problem": None,
    }


def _nothing(problem: str) -> Compared:
    return {"samples": None, "patients": None, "highest": None, "best": None, "against": [], "problem": problem}
