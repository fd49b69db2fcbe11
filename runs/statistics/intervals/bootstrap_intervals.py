"""Compute 95 % intervals of what has no formula of its own, by drawing patients with replacement. Pure numpy.

Patients are drawn, not samples, and not within classes: prevalence is as uncertain as the rest. Where a number is the
same in all resamples, because all is right or a class is never predicted, the bootstrap knows nothing of the mistakes
that other samples would have shown; `unseen_mistakes` takes its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from runs.statistics.evaluated import Evaluated
from runs.statistics.intervals import unseen_mistakes as unseen
from runs.statistics.intervals.bootstrap_ends import bootstrap_ends, without_width
from runs.statistics.intervals.proportions import proportion_interval
from runs.statistics.intervals.resampling import Resampling, of_several, resampling, units_of
from runs.statistics.intervals.running_sums import Buffers
from runs.statistics.intervals.weighted_counts import WeightedCounts, mean_known
from runs.statistics.intervals.weighted_ranking import WeightedRanking
from runs.statistics.matrix_statistics import Interval, Summary, reported
from runs.statistics.roc import Flags, Floats

MOST_RANKED = 20_000_000
"""Samples times classes; beyond, what is ranked has no interval from resamples."""

_CELLS_AT_ONCE = 1_000_000

UNKNOWN: Interval = (None, None)
OF_TWO = ("f1", "balanced_accuracy", "mcc", "brier", "log_loss", "average_precision")
OF_MANY = ("precision", "recall", "specificity", "npv", "auroc", *OF_TWO)
OF_A_CLASS = ("f1", "average_precision")
_OF_CORNERS = {"f1": unseen.f1_of, "mcc": unseen.mcc_of, "balanced_accuracy": unseen.balanced_accuracy_of}
Numbers: TypeAlias = dict[str, Floats]


class Bootstrapped(NamedTuple):
    """Intervals by meaning (`f1`): of the whole, and of each of the `reported` classes."""

    whole: dict[str, Interval]
    classes: list[dict[str, Interval]]


def bootstrap_intervals(
    split: Evaluated, classes: int, summaries: Sequence[Summary], *, ranked: bool = True
) -> Bootstrapped:
    """Compute the intervals; none with fewer than two patients. `summaries` are those of the `reported` classes.

    What ranks samples takes most of the time; where it is not wanted, it has no interval.
    """
    plan, labels = resampling(split, len(reported(classes))), reported(classes)
    whole, by_class = _draw(split, classes, plan, ranked=ranked) if plan.people > 1 else ({}, {})
    found = [
        {name: _ends(by_class[name][:, place], plan) if name in by_class else UNKNOWN for name in OF_A_CLASS}
        for place in range(len(labels))
    ]
    found = [
        {name: _of_class(name, ends, split, label, summary) for name, ends in each.items()}
        for each, label, summary in zip(found, labels, summaries, strict=True)
    ]
    names = OF_TWO if classes == 2 else OF_MANY
    overall = {name: _ends(whole[name], plan) if name in whole else UNKNOWN for name in names}
    fallback = _of_two if classes == 2 else _of_many
    whole_ends = {
        name: fallback(name, split, summaries, found) if without_width(ends) else ends for name, ends in overall.items()
    }
    if classes == 2 and not enough(split, 1):
        whole_ends |= {name: _corner(name, split, summaries[0]) for name in _OF_CORNERS}
        whole_ends["average_precision"] = found[0]["average_precision"]
    elif classes == 2 and _one_sided(summaries[0]):
        for name in _OF_CORNERS:
            whole_ends[name] = _widened(whole_ends[name], _corner(name, split, summaries[0]))
    if classes == 2:
        found[0]["f1"] = whole_ends["f1"]
    return Bootstrapped(whole_ends, found)


def enough(split: Evaluated, label: int) -> bool:
    """Return whether two or more patients, or samples, are of the class, and two or more are not.

    With one of a kind, draws differ in how often that one counts: they know of no other.
    """
    own, units = split.own(label), units_of(split)
    return all(of_several(units[part]) for part in (own, ~own))


def _one_sided(summary: Summary) -> bool:
    """Return whether all or none of a class are found: no resample then knows of the others that there may be."""
    return not {summary.numbers["recall"], summary.numbers["specificity"]}.isdisjoint({0.0, 1.0})


def _widened(ends: Interval, other: Interval) -> Interval:
    """Return the interval with both in it; where either is unknown, the first."""
    (low, high), (least, most) = ends, other
    if low is None or high is None or least is None or most is None:
        return ends
    return min(low, least), max(high, most)


def _draw(split: Evaluated, classes: int, plan: Resampling, *, ranked: bool) -> tuple[Numbers, Numbers]:
    """Compute the numbers of all rows of the plan: (rows,) of the whole, (rows, reported) of the classes."""
    counts = WeightedCounts(split, classes, plan.units, plan.people)
    labels = reported(classes)
    buffers = Buffers()
    rankings = [
        WeightedRanking(split.order_of(label), split.own(label), plan.units, buffers, with_auroc=classes > 2)
        for label in (labels if ranked and len(plan.units) * len(labels) <= MOST_RANKED else ())
    ]
    totals, drawn_ranks = [], []
    for drawn in plan.batches():
        totals.append(counts.totals(drawn))
        drawn_ranks.append([ranking.numbers(drawn) for ranking in rankings])
    whole, by_class = _counted(counts, np.concatenate(totals), labels)
    if rankings:
        by_class["average_precision"] = np.concatenate(
            [np.column_stack([each.average_precision for each in row]) for row in drawn_ranks]
        )
        whole["average_precision"] = mean_known(by_class["average_precision"])
    areas = [[each.auroc for each in row if each.auroc is not None] for row in drawn_ranks]
    if any(areas):
        whole["auroc"] = mean_known(np.concatenate([np.column_stack(row) for row in areas]))
    return whole, by_class


def _counted(counts: WeightedCounts, totals: Floats, labels: Sequence[int]) -> tuple[Numbers, Numbers]:
    """Compute the numbers that follow from counts and sums, so many rows at once as memory is no matter."""
    parts = np.array_split(totals, max(1, totals.size // _CELLS_AT_ONCE))
    found = [counts.numbers(part) for part in parts]
    whole = {name: np.concatenate([each[name] for each, _ in found]) for name in found[0][0]}
    f1 = np.concatenate([by_class["f1"][:, list(labels)] for _, by_class in found])
    return whole | ({"f1": f1[:, 0]} if len(labels) == 1 else {}), {"f1": f1}


def _ends(values: Floats, plan: Resampling) -> Interval:
    """Find the ends among the rows: the split itself, its draws, and, where there are any, the patients left out."""
    first, last = 1, 1 + plan.draws
    return bootstrap_ends(float(values[0]), values[first:last], values[last:] if plan.jackknifed else None)


def _of_class(name: str, ends: Interval, split: Evaluated, label: int, summary: Summary) -> Interval:
    """Return the ends of a class's number; from unseen mistakes where the resamples were all alike."""
    if not without_width(ends):
        return ends if enough(split, label) else UNKNOWN
    own = split.own(label)
    sizes = int(own.sum()), int((~own).sum())
    if name == "f1":
        return unseen.corner_interval(
            unseen.f1_of, summary.intervals["recall"], summary.intervals["specificity"], sizes
        )
    found, cleared = (_all_right(split, part) for part in (own, ~own))
    return unseen.corner_interval(unseen.average_precision_of, found, cleared, sizes)


def _all_right(split: Evaluated, part: Flags) -> Interval:
    """Return the interval of a share of these samples that is 1."""
    right = np.ones(int(part.sum()), dtype=bool)
    return proportion_interval(right, None if split.patients is None else split.patients[part])


def _of_two(
    name: str, split: Evaluated, summaries: Sequence[Summary], found: Sequence[Mapping[str, Interval]]
) -> Interval:
    """Return the interval of a number that all resamples of two classes share."""
    if name in OF_A_CLASS:
        return found[0][name]
    return _corner(name, split, summaries[0]) if name in _OF_CORNERS else UNKNOWN


def _corner(name: str, split: Evaluated, summary: Summary) -> Interval:
    """Return the least and greatest number at the ends of the intervals of sensitivity and specificity."""
    sizes = int((split.targets == 1).sum()), int((split.targets == 0).sum())
    intervals = summary.intervals
    return unseen.corner_interval(_OF_CORNERS[name], intervals["recall"], intervals["specificity"], sizes)


def _of_many(
    name: str, split: Evaluated, summaries: Sequence[Summary], found: Sequence[Mapping[str, Interval]]
) -> Interval:
    """Return the interval of a number that all resamples of several classes share."""
    true = np.bincount(split.targets, minlength=len(summaries)).tolist()
    intervals = [{**summary.intervals, **each} for summary, each in zip(summaries, found, strict=True)]
    if name == "mcc":
        right = bool((split.predicted == split.targets).all())
        return unseen.mcc_interval(true, [each["recall"] for each in intervals]) if right else UNKNOWN
    if name in ("brier", "log_loss"):
        return UNKNOWN
    own = "recall" if name == "balanced_accuracy" else name
    return unseen.mean_interval(each[own] for each, count in zip(intervals, true, strict=True) if count)
