"""Compute what a threshold gives on a split: counts, sensitivity, specificity and predictive values. Pure numpy."""

from __future__ import annotations

from collections.abc import Sequence

from runs.events import OperatingPoint
from runs.statistics.evaluated import Evaluated
from runs.statistics.intervals.proportions import class_intervals
from runs.statistics.matrix_statistics import Counts, Number, class_summary
from runs.statistics.metric_names import COUNTS
from runs.statistics.operating_points.point_names import STATISTICS
from runs.statistics.roc import Flags


def applied_points(split: Evaluated, points: Sequence[OperatingPoint]) -> list[OperatingPoint]:
    """Compute the numbers of a split at thresholds that were chosen on another; a point without one stays so."""
    return [
        point if point.threshold is None else point_of(split, point.rule, point.threshold, point.log_odds)
        for point in points
    ]


def point_of(split: Evaluated, rule: str, threshold: float, log_odds: float | None = None) -> OperatingPoint:
    """Compute the numbers of a split at a threshold of the scores; at one of the log-odds where that is given."""
    said = split.scores >= threshold if log_odds is None else split.ranks_of(1) >= log_odds
    return OperatingPoint(
        rule=rule, threshold=threshold, log_odds=log_odds, reason=None, statistics=point_statistics(split, said)
    )


def point_statistics(split: Evaluated, said: Flags) -> dict[str, Number]:
    """Compute the counts and shares with their intervals, which follow patients where they are known."""
    own = split.own(1)
    counts = Counts(*(int((own_part & said_part).sum()) for own_part, said_part in _parts(own, said)))
    summary = class_summary(counts)
    intervals = summary.intervals
    if split.patients is not None:
        intervals = intervals | class_intervals(own, said, split.patients)
    rows: dict[str, Number] = dict(zip(COUNTS, counts, strict=True))
    for name, meaning in STATISTICS.items():
        rows[name] = summary.numbers[meaning]
        rows[f"{name}_ci_low"], rows[f"{name}_ci_high"] = intervals[meaning]
    return rows


def _parts(own: Flags, said: Flags) -> tuple[tuple[Flags, Flags], ...]:
    """Return the samples of each count, in the order of `Counts`."""
    return (own, said), (~own, ~said), (~own, said), (own, ~said)
