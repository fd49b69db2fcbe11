"""Choose the thresholds of a binary run by rules, on its validation split. Pure numpy.

A threshold calls some samples positive and others not: where a rule is best kept by calling all of them or none, it has
no threshold, and a sentence says so. Samples are taken in the order of their log-odds where those are known, so that
scores which are alike only by rounding stay apart; samples that are really equal are called together. All comparisons
are of whole numbers, so that neither 19 of 20 nor a tie depends on rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from runs.events import OperatingPoint
from runs.statistics.evaluated import Evaluated
from runs.statistics.operating_points.applying import point_of
from runs.statistics.operating_points.cut_values import cut_between
from runs.statistics.operating_points.rules import (
    COST,
    F1,
    HALF,
    OWN,
    SENSITIVITIES,
    SENSITIVITY,
    SPECIFICITIES,
    SPECIFICITY,
    YOUDEN,
)
from runs.statistics.roc import Flags, Floats, Ints, roc_steps

DEFAULT = 0.5
MOST_EXACT = 10**6
"""The largest denominator of a ratio of costs or of a share; a finer one is rounded."""


class Unreachable(Exception):
    """No threshold keeps the rule, as the sentence says."""


class Steps(NamedTuple):
    """True and false positives when more and more samples are called, from none to all."""

    true: Ints
    false: Ints

    @property
    def positives(self) -> int:
        """Return the number of positive samples."""
        return int(self.true[-1])

    @property
    def negatives(self) -> int:
        """Return the number of negative samples."""
        return int(self.false[-1])


Rule = Callable[[Steps], int]
"""Returns the step of a rule; raises Unreachable."""


def chosen_points(
    split: Evaluated, threshold: float | None, given: Mapping[str, Fraction] | None = None
) -> list[OperatingPoint]:
    """Choose all points, the run's own threshold first; none of a run with more than two classes.

    `given` has the numbers of rules that need one: `cost` (what a missed positive costs, in false alarms),
    `sensitivity` and `specificity` (the least share).
    """
    if split.scores.ndim == 2:
        return []
    own = DEFAULT if threshold is None else threshold
    fixed = {OWN: own} if own == DEFAULT else {OWN: own, HALF: DEFAULT}
    points = [point_of(split, name, value) for name, value in fixed.items()]
    return points + _chosen_by(split, _PRESETS | {name: _given(name, number) for name, number in (given or {}).items()})


def chosen_point(split: Evaluated, name: str, number: Fraction | None = None) -> OperatingPoint:
    """Choose one point of two classes, by a rule that has a number or by one without."""
    rule = _PRESETS[name] if number is None else _given(name, number)
    [point] = _chosen_by(split, {name: rule})
    return point


def _chosen_by(split: Evaluated, rules: Mapping[str, Rule]) -> list[OperatingPoint]:
    steps, order = _steps(split), np.argsort(-split.ranks_of(1), kind="stable")
    return [_chosen(split, steps, order, name, rule) for name, rule in rules.items()]


def _steps(split: Evaluated) -> Steps:
    true, false = roc_steps(split.ranks_of(1), split.own(1))
    return Steps(np.concatenate(([0], true)), np.concatenate(([0], false)))


def _chosen(split: Evaluated, steps: Steps, order: Ints, name: str, rule: Rule) -> OperatingPoint:
    try:
        _refuse_one_class(steps)
        step = rule(steps)
    except Unreachable as error:
        return OperatingPoint(rule=name, threshold=None, log_odds=None, reason=str(error), statistics={})
    threshold, log_odds = _cut(split, order, int(steps.true[step] + steps.false[step]))
    return point_of(split, name, threshold, log_odds)


def _cut(split: Evaluated, order: Ints, called: int) -> tuple[float, float | None]:
    """Return the threshold that calls the first samples of the order, and the log-odds if scores do not tell it."""
    cut = cut_between(float(split.scores[order[called:]].max()), float(split.scores[order[:called]].min()))
    odds = None if cut.holds_in_single or split.ranks is None else split.ranks.log_odds(1)
    if odds is None:
        return cut.value, None
    return cut.value, cut_between(float(odds[order[called]]), float(odds[order[called - 1]])).value


def _refuse_one_class(steps: Steps) -> None:
    for kind, count in (("positive", steps.positives), ("negative", steps.negatives)):
        if not count:
            raise Unreachable(f"The validation split has no {kind} samples.")


def _sensitivity(least: Fraction) -> Rule:
    """Make the rule: as few false alarms as this sensitivity allows, then as many found."""

    def rule(steps: Steps) -> int:
        kept = least.denominator * steps.true >= least.numerator * steps.positives
        step = _last_best(-steps.false, kept)
        if steps.false[step] == steps.negatives:
            raise Unreachable(
                f"On validation a sensitivity of {_percent(least)} is reached only where all negative samples are "
                "called positive too."
            )
        return step

    return rule


def _specificity(least: Fraction) -> Rule:
    """Make the rule: as many found as this specificity allows, then as few false alarms."""

    def rule(steps: Steps) -> int:
        allowed = least.denominator * (steps.negatives - steps.false) >= least.numerator * steps.negatives
        step = int(np.where(allowed, steps.true, -1).argmax())
        if not steps.true[step]:
            raise Unreachable(
                f"On validation a specificity of {_percent(least)} is reached only where no positive sample is found."
            )
        return step

    return rule


def _percent(share: Fraction) -> str:
    return f"{float(100 * share):g} %"


def _youden(steps: Steps) -> int:
    gained = steps.true * steps.negatives - steps.false * steps.positives
    step = _last_best(gained)
    if gained[step] <= 0:
        raise Unreachable("On validation no threshold is better than chance.")
    return step


def _f1(steps: Steps) -> int:
    """Find the highest F1. Quotients of such whole numbers are equal in double precision only if they are equal."""
    f1 = 2 * steps.true / (steps.positives + steps.true + steps.false)
    return _inner(f1, "On validation calling every sample positive has the highest F1.", "")


def _cost(ratio: Fraction) -> Rule:
    def rule(steps: Steps) -> int:
        missed = steps.positives - steps.true
        costs = ratio.numerator * missed + ratio.denominator * steps.false
        return _inner(
            -costs,
            "On validation calling every sample positive costs least.",
            "On validation calling no sample positive costs least.",
        )

    return rule


def _inner(values: Floats | Ints, all_called: str, none_called: str) -> int:
    """Return the step of the highest value that is no end; raises Unreachable where only ends have it."""
    inside = np.ones(len(values), dtype=np.bool_)
    inside[[0, -1]] = False
    if inside.any():
        step = _last_best(values, inside)
        if values[step] == values.max():
            return step
    raise Unreachable(all_called if values[-1] >= values[0] else none_called)


def _last_best(values: Floats | Ints, allowed: Flags | None = None) -> int:
    """Return the last of the allowed steps with the highest value: of equal ones that with the most found."""
    places = np.arange(len(values)) if allowed is None else np.flatnonzero(allowed)
    best = values[places]
    return int(places[np.flatnonzero(best == best.max())[-1]])


def _given(name: str, number: Fraction) -> Rule:
    """Make a rule of the number that it needs."""
    make = {COST: _cost, SENSITIVITY: _sensitivity, SPECIFICITY: _specificity}[name]
    return make(number.limit_denominator(MOST_EXACT))


_PRESETS: dict[str, Rule] = {
    **{name: _sensitivity(least) for name, least in SENSITIVITIES.items()},
    **{name: _specificity(least) for name, least in SPECIFICITIES.items()},
    YOUDEN: _youden,
    F1: _f1,
}
