"""Split the Brier score into miscalibration - discrimination + uncertainty, by isotonic regression. Pure numpy.

Dimitriadis, Gneiting and Jordan, PNAS 118 (2021) e2016191118 (CORP). With the scores c that isotonic regression of the
labels on the scores gives, and the prevalence p, each of them a score of all samples:

- miscalibration: the Brier score of the scores less that of c, what recalibration would gain on these samples;
- discrimination: the Brier score of p less that of c, what telling samples apart gains;
- uncertainty: the Brier score of p, p (1 - p), which no network can change.

Of several classes it is the sum over the classes, each against the rest, as the Brier score is. Like the calibration
error, miscalibration and discrimination are raised by chance, and no bootstrap interval holds them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import isotonic_regression

from runs.statistics.evaluated import Evaluated
from runs.statistics.matrix_statistics import Number
from runs.statistics.roc import Floats, Ints

NAMES = ("brier_miscalibration", "brier_discrimination", "brier_uncertainty")


def brier_decomposition(classes: Sequence[Floats]) -> dict[str, Number]:
    """Add up the `brier_parts` of the reported classes; none of the three is ever below 0."""
    return {name: max(0.0, float(part)) for name, part in zip(NAMES, sum(classes, np.zeros(3)), strict=True)}


def brier_parts(split: Evaluated, label: int) -> Floats:
    """Compute the parts of one class; samples of equal score are one step of the regression."""
    scores, positive = split.scores if split.scores.ndim == 1 else split.scores[:, label], split.own(label)
    found = split.order_of(label).by(scores)
    hits, misses = found.counts(positive)
    samples, distinct = hits + misses, scores[found.order[found.starts]]
    recalibrated = isotonic_regression(hits / samples, weights=samples).x
    prevalence = float(positive.mean())
    as_they_are, best, constant = (
        _brier(each, samples, hits) for each in (distinct, recalibrated, np.full(len(hits), prevalence))
    )
    return np.array([as_they_are - best, constant - best, constant])


def _brier(scores: Floats, samples: Ints, hits: Ints) -> float:
    """Compute the mean squared error of steps of so many samples with one score, `hits` of which are positive."""
    return float((hits * (1 - scores) ** 2 + (samples - hits) * scores**2).sum() / samples.sum())
