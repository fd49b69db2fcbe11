"""Compare how well two networks rank the same samples: the difference of their AUROC, with its interval. Pure numpy.

Variance: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837-845, of the differences of the placements; where
patients are known, that of Obuchowski, Biometrics 53 (1997) 567-578, which counts patients instead of images. The
interval uses Student's t with one degree of freedom less than the patients of the rarer class: with few of them the
normal quantile finds differences in noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from runs.statistics.fold_statistics import T975
from runs.statistics.matrix_statistics import Z95, Number
from runs.statistics.roc import Flags, Floats, Ints

FEWEST = 2  # patients, or samples, of each class


@dataclass(frozen=True, slots=True)
class Difference:
    """The AUROC of the first less that of the second; the ends are None where there are too few samples."""

    value: float
    low: Number
    high: Number

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval shows a difference."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def paired_difference(
    first: Floats, second: Floats, positive: Flags, patients: Ints | None = None
) -> Difference | None:
    """Compare the scores of the same samples; None without both classes. `patients` are codes, one for each sample."""
    if positive.all() or not positive.any():
        return None
    above = _placed(first[positive], first[~positive]) - _placed(second[positive], second[~positive])
    below = _placed(-first[~positive], -first[positive]) - _placed(-second[~positive], -second[positive])
    value = float(above.mean())
    codes = np.arange(len(positive)) if patients is None else patients
    of_above, of_below = codes[positive], codes[~positive]
    fewest = min(len(np.unique(of_above)), len(np.unique(of_below)))
    if fewest < FEWEST:
        return Difference(value, None, None)
    variance = _variance(above - value, below - value, of_above, of_below)
    if variance <= 0 < abs(value):  # both rank without exceptions, one of them all alike: no spread is not certainty
        variance = (len(above) + len(below) + 1) / (12 * len(above) * len(below))
    quantile = T975[fewest - 2] if fewest - 2 < len(T975) else Z95
    half = quantile * math.sqrt(max(0.0, variance))
    return Difference(value, value - half, value + half)


def _placed(values: Floats, others: Floats) -> Floats:
    """Return the share of the others that lie below each value, ties counted half."""
    ranked = np.sort(others)
    at_most = np.searchsorted(ranked, values, "right") + np.searchsorted(ranked, values, "left")
    return np.asarray(at_most / (2 * len(others)), dtype=np.float64)


def _variance(above: Floats, below: Floats, of_above: Ints, of_below: Ints) -> float:
    """Return the variance of the mean difference, of patients whose positives and negatives may both differ."""
    size = int(max(of_above.max(), of_below.max())) + 1
    a = np.bincount(of_above, weights=above, minlength=size) / len(above)
    b = np.bincount(of_below, weights=below, minlength=size) / len(below)
    has_a, has_b = np.unique(of_above), np.unique(of_below)
    everyone = len(np.union1d(has_a, has_b))
    of_positives = len(has_a) / (len(has_a) - 1) * float((a * a).sum())
    of_negatives = len(has_b) / (len(has_b) - 1) * float((b * b).sum())
    return of_positives + of_negatives + 2 * everyone / (everyone - 1) * float((a * b).sum())
