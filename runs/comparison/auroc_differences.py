"""Say whether one run ranks the samples of a split better than the others: only of the same samples, and not by chance.

Brings NumPy and Arrow: a web process loads it with the first comparison.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypedDict

from runs.comparison import paired_samples
from runs.comparison.compared_runs import Deciding, NotComparable, by_split, deciding
from runs.comparison.paired_samples import SharedSamples
from runs.models import Run
from runs.statistics.holm import holm
from runs.statistics.paired.differences import LEVEL
from runs.statistics.paired_auroc import Difference, difference_of_placements
from runs.statistics.roc import Flags, Placements, placements

REMEMBERED = 64  # comparisons; each holds a few numbers


class Against(TypedDict):
    """The run with the highest AUROC less another one; the ends and p are null where too few samples tell nothing."""

    run: int
    difference: float
    low: float | None
    high: float | None
    p: float | None
    adjusted_p: float | None


class Compared(TypedDict):
    """One split. `problem` says why nothing is compared; else `best` is the run that is shown to be better than all.

    `comparisons` is the number of pairs of runs, for which p is adjusted; `evaluated` has the size of each run's split.
    """

    samples: int | None
    patients: int | None
    evaluated: dict[str, int]
    comparisons: int
    highest: int | None
    best: int | None
    against: list[Against]
    problem: str | None


def differences(runs: Sequence[Run]) -> dict[str, Compared]:
    """Compare the ended runs in each split that two or more of them evaluated. Raises StoreError."""
    return {split: _answer(found, split) for split, found in by_split(runs).items()}


def _answer(runs: Sequence[Run], split: str) -> Compared:
    try:
        return _compared(deciding(runs, split), split)
    except NotComparable as error:
        return _nothing(str(error))


@lru_cache(maxsize=REMEMBERED)
def _compared(those: tuple[Deciding, ...], split: str) -> Compared:
    """Compare what these attempts evaluated, which does not change."""
    for one in those:
        if len(one.class_names) > 2:
            raise NotComparable(f"Run {one.run} has more than two classes.")
    samples = paired_samples.shared_samples(those, split)
    positive = samples.targets == 1
    if positive.all() or not positive.any():
        raise NotComparable("The samples are of one class alone.")
    found = {one.run: placements(paired_samples.evaluated_by(one, samples).ranks_of(1), positive) for one in those}
    return _ranked(samples, positive, found)


def _ranked(samples: SharedSamples, positive: Flags, found: Mapping[int, Placements]) -> Compared:
    descending = sorted(found, key=lambda run: float(found[run].above.mean()), reverse=True)
    pairs = list(itertools.combinations(descending, 2))
    compared = {(a, b): difference_of_placements(found[a], found[b], positive, samples.patients) for a, b in pairs}
    adjusted = dict(zip(pairs, holm([each.p for each in compared.values()]), strict=True))
    highest = descending[0]
    against = [_against(run, compared[highest, run], adjusted[highest, run]) for run in found if run != highest]
    shown = [each["adjusted_p"] is not None and each["adjusted_p"] < LEVEL and _apart(each) for each in against]
    return {
        "samples": len(samples.targets),
        "patients": samples.people,
        "evaluated": {str(run): size for run, size in samples.evaluated.items()},
        "comparisons": len(pairs),
        "highest": highest,
        "best": highest if all(shown) else None,
        "against": against,
        "problem": None,
    }


def _against(run: int, found: Difference, adjusted: float | None) -> Against:
    return {
        "run": run,
        "difference": found.value,
        "low": found.low,
        "high": found.high,
        "p": found.p,
        "adjusted_p": adjusted,
    }


def _apart(found: Against) -> bool:
    return found["low"] is not None and found["low"] > 0


def _nothing(problem: str) -> Compared:
    return {
        "samples": None,
        "patients": None,
        "evaluated": {},
        "comparisons": 0,
        "highest": None,
        "best": None,
        "against": [],
        "problem": problem,
    }
