"""Weigh what a model finds against its false alarms, at each probability from which on somebody would act. Pure numpy.

Vickers and Elkin, Med. Decis. Making 26 (2006) 565-574: who acts from a probability p on holds a missed positive to be
as bad as (1 - p) / p false alarms. The net benefit, TP/n - FP/n p/(1 - p), is that of the found positives, less
the false alarms in the same currency.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from runs.statistics.roc import Flags, Floats

POINTS = 201
HIGHEST = 0.99
_STEP = 0.05


class DecisionCurve(NamedTuple):
    """Net benefit at each threshold probability: of acting by the model, and of acting for all; for none it is 0."""

    thresholds: Floats
    model: Floats
    treat_all: Floats


def decision_curve(probabilities: Floats, positive: Flags) -> DecisionCurve:
    """Compute the curve at equal distances, each point exact; needs at least one sample.

    It goes from 0 to beyond the highest probability, and to twice the prevalence at least: acting for all has no
    benefit beyond the prevalence, and the model none beyond its highest probability.
    """
    end = max(float(probabilities.max()), 2 * float(positive.mean()))
    last = min(HIGHEST, np.ceil(end / _STEP) * _STEP)
    thresholds = np.linspace(0, last, POINTS)
    return DecisionCurve(
        thresholds,
        net_benefit(probabilities, positive, thresholds),
        net_benefit(np.ones(len(positive)), positive, thresholds),
    )


def net_benefit(probabilities: Floats, positive: Flags, thresholds: Floats) -> Floats:
    """Compute TP/n - FP/n p/(1 - p) of the samples with a probability of at least p, for each threshold p below 1."""
    true, false = (_at_least(probabilities[own], thresholds) for own in (positive, ~positive))
    return np.asarray((true - false * (thresholds / (1 - thresholds))) / len(positive), dtype=np.float64)


def _at_least(values: Floats, thresholds: Floats) -> Floats:
    """Count the values at or above each threshold."""
    return np.asarray(len(values) - np.searchsorted(np.sort(values), thresholds, side="left"), dtype=np.float64)
