"""Choose the operating point that a user saves, from the predictions of the run.

Brings NumPy and Arrow: a web process loads it with the first point that is saved.
"""

from __future__ import annotations

from fractions import Fraction

from runs.events import OperatingPoint
from runs.models import Run
from runs.operating_points.recomputed_points import evaluated_splits
from runs.saved_points.obstacles import NO_PREDICTIONS
from runs.saved_points.point_history import Decision
from runs.statistics.evaluated import Evaluated
from runs.statistics.operating_points.applying import applied_points, point_of
from runs.statistics.operating_points.by_hand import threshold_by_hand
from runs.statistics.operating_points.choosing import Unreachable, chosen_point
from runs.statistics.operating_points.rules import HAND


class Impossible(Exception):
    """There is no such point, as the sentence says."""


def decide(run: Run, rule: str, number: float | None, own: float | None) -> Decision:
    """Choose the point on validation and apply it to each split; `own` is the run's threshold.

    `number` is that of the rule; by hand it is the threshold. Raises Impossible, StoreError.
    """
    splits = evaluated_splits(run, own)
    if "val" not in splits:
        raise Impossible(NO_PREDICTIONS.format(run.pk))
    point = _point(splits, rule, number)
    if point.threshold is None:
        raise Impossible(str(point.reason))
    return Decision(
        rule=rule,
        number=number,
        threshold=point.threshold,
        log_odds=point.log_odds,
        test_known="test" in splits,
        splits={name: applied_points(split, [point])[0].statistics for name, split in splits.items()},
    )


def _point(splits: dict[str, Evaluated], rule: str, number: float | None) -> OperatingPoint:
    val = splits["val"]
    if rule != HAND:
        return chosen_point(val, rule, None if number is None else Fraction(str(number)))
    others = [split.scores for name, split in splits.items() if name != "val"]
    try:
        threshold = threshold_by_hand(float(number or 0), val.scores, others)
    except Unreachable as error:
        raise Impossible(str(error)) from error
    return point_of(val, HAND, threshold)
