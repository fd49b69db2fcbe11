"""Choose the thresholds of a binary run by rules, on its validation split. Pure numpy.

A threshold calls some samples positive and others not: where a rule is best kept by calling all of them or none, it has
no threshold, and a sentence says so. Samples are taken in the order of their log-odds where those are known, so that
scores which are alike only by rounding stay apart; samples that are really equal are called together. All comparisons
are of whole numbers, so that neither 19 of 20 nor a tie depends on rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from runs.events import OperatingPoint
from runs.statistics.evaluated import Evaluated
from runs.statistics.operating_points.applying import point_of
from runs.statistics.operating_points.cut_values import cut_between
from runs.statistics.operating_points.rules import COST, F1, HALF, OWN, SENSITIVITIES, SPECIFICITIES, YOUDEN
from runs.statistics.roc import Flags, Floats, Ints, roc_steps

DEFAULT = 0.5
MOST_EXACT = 10**6
"""The largest denominator of a ratio of costs; a finer one is rounded."""


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
    split: Evaluated, threshold: float | None, cost_ratio: Fraction | None = None
) -> list[OperatingPoint]:
    """Choose all points, the run's own threshold first; none of a run with more than two classes.

    `cost_ratio` is what a missed positive costs, in false alarms.
    """
    if split.scores.ndim == 2:
        return []
    own = DEFAULT if threshold is None else threshold
    given = {OWN: own} if own == DEFAULT else {OWN: own, HALF: DEFAULT}
    points = [point_of(split, name, value) for name, value in given.items()]
    steps, order = _steps(split), np.argsort(-split.ranks_of(1), kind="stable")
    return points + [_chosen(split, steps, order, name, rule) for name, rule in _rules(cost_ratio).items()]


def _rules(cost_ratio: Fraction | None) -> dict[str, Rule]:
    rules: dict[str, Rule] = {
        **{name: _sensitivity(percent) for name, percent in SENSITIVITIES.items()},
        **{name: _specificity(percent) for name, percent in SPECIFICITIES.items()},
        YOUDEN: _youden,
        F1: _f1,
    }
    return rules if cost_ratio is None else rules | {COST: _cost(cost_ratio)}


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


def _sensitivity(percent: int) -> Rule:
    """Make the rule: as few false alarms as this sensitivity allows, then as many found."""

    def rule(steps: Steps) -> int:
        step = _last_best(-steps.false, 100 * steps.true >= percent * steps.positives)
        if steps.false[step] == steps.negatives:
            raise Unreachable(
                f"On validation a sensitivity of {percent} % is reached only where all negative samples are called "
                "positive too."
            )
        return step

    return rule


def _specificity(percent: int) -> Rule:
    """Make the rule: as many found as this specificity allows, then as few false alarms."""

    def rule(steps: Steps) -> int:
        allowed = 100 * (steps.negatives - steps.false) >= percent * steps.negatives
        step = int(np.where(allowed, steps.true, -1).argmax())
        if not steps.true[step]:
            raise Unreachable(
                f"On validation a specificity of {percent} % is reached only where no positive sample is found."
            )
        return step

    return rule


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
    exact = ratio.limit_denominator(MOST_EXACT)

    def rule(steps: Steps) -> int:
        missed = steps.positives - steps.true
        costs = exact.numerator * missed + exact.denominator * steps.false
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
