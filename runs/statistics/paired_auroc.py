"""Compare how well two networks rank the same samples: the difference of their AUROC, with its interval. Pure numpy.

Variance: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837-845, of the differences of the placements; where
patients are known, that of Obuchowski, Biometrics 53 (1997) 567-578, which counts patients instead of images. The
interval and p use Student's t with one degree of freedom less than the patients of the rarer class: with few of them
the normal distribution finds differences in noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from runs.statistics.intervals.auroc_interval import obuchowski_variance
from runs.statistics.intervals.patients import repeated
from runs.statistics.matrix_statistics import Number
from runs.statistics.roc import Flags, Floats, Ints, Placements, placements

FEWEST = 2  # patients, or samples, of each class


@dataclass(frozen=True, slots=True)
class Difference:
    """The AUROC of the first less that of the second.

    `p` is how likely as great a difference is by chance; it and the ends are None where there are too few samples. The
    ends alone are None where both rank all samples alike: that no sample tells them apart says nothing of others.
    """

    value: float
    low: Number
    high: Number
    p: Number

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
    return difference_of_placements(placements(first, positive), placements(second, positive), positive, patients)


def difference_of_placements(
    one: Placements, other: Placements, positive: Flags, patients: Ints | None = None
) -> Difference:
    """Compare where the same samples stand, of both classes."""
    moved = Placements(one.above - other.above, one.below - other.below)
    value = float(moved.above.mean())
    several = repeated(patients)
    codes = np.arange(len(positive)) if several is None else several
    of_above, of_below = codes[positive], codes[~positive]
    fewest = min(len(np.unique(of_above)), len(np.unique(of_below)))
    if fewest < FEWEST:
        return Difference(value, None, None, None)
    variance = obuchowski_variance(moved, of_above, of_below)
    if variance <= 0 < abs(value):  # both rank without exceptions, one of them all alike: no spread is not certainty
        variance = (len(positive) + 1) / (12 * len(of_above) * len(of_below))
    if variance <= 0:
        return Difference(value, None, None, 1.0)
    error = math.sqrt(variance)
    half = float(stdtrit(fewest - 1, 0.975)) * error
    return Difference(value, value - half, value + half, 2 * float(stdtr(fewest - 1, -abs(value) / error)))
