"""Tell the results of a split apart by groups of its samples, and compare each group with all others. Pure numpy.

A group has numbers from 20 samples on that are of two or more classes: below, they would say little, and none is given.
The p values of all comparisons are adjusted by Holm's method together; of a column with two groups both comparisons are
one. A group is the worst only where it is shown to be worse: an adjusted p below 0.05.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from runs.statistics.evaluated import Evaluated
from runs.statistics.holm import holm
from runs.statistics.matrix_statistics import Interval, Number
from runs.statistics.predictions import evaluated
from runs.statistics.roc import Flags, Floats, Ints
from runs.statistics.score_statistics import split_statistics
from runs.statistics.subgroups.group_differences import Difference, Metric, difference, renumbered
from runs.statistics.subgroups.group_names import in_order

Turn: TypeAlias = AbstractContextManager[Any]

FEWEST = 20
MOST_CELLS = 500_000  # samples of both splits times columns that are told apart at once
MOST_SCORES = 20_000_000  # samples of both splits times classes
SHOWN_BELOW = 0.05  # an adjusted p
OF_TWO = (
    *("final_auroc_cm", "final_sensitivity", "final_specificity", "final_precision_cm", "final_npv"),
    *("final_accuracy_cm", "final_brier", "final_calibration_in_the_large"),
)
OF_MANY = ("final_accuracy_cm", "final_balanced_accuracy", "final_f1_cm", "final_brier")
FEW, ONE_CLASS = f"fewer than {FEWEST} samples", "samples of one class alone"


class Split(NamedTuple):
    """The samples of a split as they were stored; `columns` has each sample's group by column.

    `patients` numbers the patient of each sample, None where they are not known. `threshold` and `log_odds` are as in
    `predictions.evaluated`.
    """

    scores: Floats
    logits: Floats | None
    targets: Ints
    threshold: float | None
    patients: Ints | None
    columns: Mapping[str, Sequence[str]]
    log_odds: float | None = None

    def part(self, inside: Flags) -> Evaluated:
        """Put together what is known of some of the samples."""
        return evaluated(
            self.scores[inside],
            self.targets[inside],
            threshold=self.threshold,
            log_odds=self.log_odds,
            logits=None if self.logits is None else self.logits[inside],
            patients=None if self.patients is None else renumbered(self.patients[inside]),
        )


class Group(NamedTuple):
    """One group of a column; `too_small` says why it has no numbers, which are by name, each with its interval.

    `difference` is from all other samples, and `adjusted` its p by Holm; None where there is no comparison.
    """

    column: str
    name: str
    samples: int
    patients: int | None
    positives: int | None
    too_small: str | None
    statistics: dict[str, tuple[Number, Interval]]
    difference: Difference | None
    adjusted: float | None

    @property
    def worse_by(self) -> float | None:
        """By how much it is shown to be worse than all other samples; None where that is not shown."""
        found = self.difference
        shown = found is not None and self.adjusted is not None and self.adjusted < SHOWN_BELOW
        return -found.value if found is not None and shown and found.value < 0 else None


class Comparison(NamedTuple):
    """All groups in order, of how many comparisons, and the place of the group that is shown to be the worst."""

    metric: Metric
    groups: list[Group]
    comparisons: int
    worst: int | None


def compared(split: Split, class_names: Sequence[str], metric: Metric, turn: Turn | None = None) -> Comparison:
    """Compute the numbers of each group, and its difference from all others in the metric.

    Each group is computed within `turn`, where several comparisons take turns.
    """
    groups = list(_groups(split, class_names, metric, turn or nullcontext()))
    keys = {place: _key(groups, place) for place, group in enumerate(groups) if group.difference}
    found = {keys[place]: group.difference.p for place, group in enumerate(groups) if group.difference}
    adjusted = dict(zip(found, holm(list(found.values())), strict=True))
    for place, key in keys.items():
        groups[place] = groups[place]._replace(adjusted=adjusted[key])
    return Comparison(metric, groups, len(found), _worst(groups))


def _key(groups: Sequence[Group], place: int) -> tuple[str, str]:
    """Return what is the same for two groups that are compared with each other alone."""
    column = groups[place].column
    alike = [group for group in groups if group.column == column]
    return (column, "" if len(alike) == 2 else groups[place].name)


def _worst(groups: Sequence[Group]) -> int | None:
    worse = {place: size for place, group in enumerate(groups) if (size := group.worse_by) is not None}
    return max(worse, key=worse.__getitem__, default=None)


def _groups(split: Split, class_names: Sequence[str], metric: Metric, turn: Turn) -> Iterator[Group]:
    size = len(split.targets)
    whole = split.part(np.ones(size, dtype=np.bool_))
    units = np.arange(size) if split.patients is None else split.patients
    for column, values in split.columns.items():
        cells: NDArray[Any] = np.asarray(values, dtype=object)
        for name in in_order(set(values)):
            with turn:
                inside = np.asarray(cells == name, dtype=np.bool_)
                group = _alone(split, class_names, column, name, inside)
                if group.too_small is None and np.count_nonzero(~inside) >= FEWEST:
                    group = group._replace(difference=difference(whole, inside, units, metric))
            yield group


def _alone(split: Split, class_names: Sequence[str], column: str, name: str, inside: Flags) -> Group:
    """Compute the numbers of one group."""
    targets = split.targets[inside]
    too_small = FEW if len(targets) < FEWEST else ONE_CLASS if len(np.unique(targets)) < 2 else None
    return Group(
        column=column,
        name=name,
        samples=len(targets),
        patients=None if split.patients is None else len(np.unique(split.patients[inside])),
        positives=int((targets == 1).sum()) if len(class_names) == 2 else None,
        too_small=too_small,
        statistics={} if too_small else _statistics(split.part(inside), class_names),
        difference=None,
        adjusted=None,
    )


def _statistics(part: Evaluated, class_names: Sequence[str]) -> dict[str, tuple[Number, Interval]]:
    rows = split_statistics(part, class_names, ranked=False)[1]
    names = OF_TWO if len(class_names) == 2 else OF_MANY
    return {name: (rows.get(name), (rows.get(f"{name}_ci_low"), rows.get(f"{name}_ci_high"))) for name in names}
