"""Say which runs can be compared over a split, and where each of them decides. Loads no NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from runs.models import FinalResult, Run
from runs.saved_points.run_decision import Decision, decision_of

SPLITS = ("test", "val")
SIDES = ("reference", "run")
"""The networks of which the other is wrong where this one is right."""


class NotComparable(Exception):
    """The runs cannot be compared, as the sentence says; it is not remembered, for a file may still come."""


class Deciding(NamedTuple):
    """An attempt of a run, what it evaluates being fixed, and where it decides."""

    run: int
    attempt: int
    class_names: tuple[str, ...]
    decision: Decision


def by_split(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Return the ended runs of each split that two or more of them evaluated, in their order."""
    ended = [run for run in runs if run.status in Run.ENDED]
    evaluated = set(FinalResult.objects.filter(run__in=ended).values_list("run_id", "split"))
    found = {split: [run for run in ended if (run.pk, split) in evaluated] for split in SPLITS}
    return {split: those for split, those in found.items() if len(those) > 1}


def deciding(runs: Sequence[Run], split: str) -> tuple[Deciding, ...]:
    """Describe the runs, all of which evaluated the split. Raises NotComparable."""
    if len({run.dataset_hash or run.source_path for run in runs}) > 1:
        raise NotComparable("The runs trained on different data.")
    found = {result.run_id: result for result in FinalResult.objects.filter(run__in=runs, split=split)}
    if missing := [run.pk for run in runs if run.pk not in found]:
        raise NotComparable(f"Run {missing[0]} has not evaluated this split.")
    results = [found[run.pk] for run in runs]
    return tuple(
        Deciding(run.pk, run.attempt, tuple(result.class_names), decision_of(run, result))
        for run, result in zip(runs, results, strict=True)
    )
