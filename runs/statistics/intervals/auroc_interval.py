"""Compute the 95 % interval of an AUROC: of few, tied, separated and repeated samples by one formula. Pure numpy.

Newcombe, Stat. Med. 25 (2006) 559-573, method 5: the ends are those t from which the AUROC is as far as chance allows
there, |AUROC - t| = z sqrt(s V(t)), so that the interval has a width where the classes are separated completely, and
ends at 0 and 1. What his variance V does not know enters as a factor s, and as effective numbers of samples:

- s is the variance of DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988) 837-845, over V at the AUROC, at least 1:
  scores may be spread otherwise than V assumes.
- Of patients with several samples, the numbers of positives and negatives are divided by how much larger the variance
  of Obuchowski, Biometrics 53 (1997) 567-578, is than DeLong's, at least 1; where one of both is 0 they are the numbers
  of patients with positives and with negatives.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from runs.statistics.intervals.patients import repeated
from runs.statistics.matrix_statistics import Z95, Interval
from runs.statistics.roc import Ascending, Flags, Floats, Ints, Placements, ascending, auroc, placements

_HALVINGS = 60


class AurocSpread(NamedTuple):
    """An AUROC, and how far chance allows it to be from the true one: the factor s, and effective sizes."""

    area: float
    factor: float
    sizes: tuple[float, float]

    def ends(self, z: float = Z95) -> tuple[float, float]:
        """Return the ends of the interval with this normal quantile."""
        return self.end(0, z), self.end(1, z)

    def end(self, place: int, z: float) -> float:
        """Find the end of the interval between the AUROC and its bound, 0 or 1, by halving."""
        if self.area == place:
            return float(place)
        inside, outside = self.area, float(place)
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            if abs(self.area - middle) > z * math.sqrt(self.factor * newcombe_variance(middle, *self.sizes)):
                outside = middle
            else:
                inside = middle
        return (inside + outside) / 2


def auroc_interval(
    scores: Floats, positive: Flags, patients: Ints | None = None, known: Ascending | None = None
) -> Interval:
    """Compute the interval; None with fewer than two positives or negatives, or patients that have one.

    `known` is the order of the scores, where it is known.
    """
    spread = auroc_spread(scores, positive, patients, known)
    return spread.ends() if spread else (None, None)


def auroc_spread(
    scores: Floats, positive: Flags, patients: Ints | None = None, known: Ascending | None = None
) -> AurocSpread | None:
    """Compute what the interval follows from; None where there is none."""
    known = known or ascending(scores)
    found, patients = placements(scores, positive, known), repeated(patients)
    sizes = (float(len(found.above)), float(len(found.below)))
    if patients is not None:
        people = len(np.unique(patients[positive])), len(np.unique(patients[~positive]))
    centre = auroc(scores, positive, known)
    if centre is None or min(sizes if patients is None else people) < 2:
        return None
    plain = delong_variance(found)
    assumed = newcombe_variance(centre, *sizes)
    factor = max(1.0, plain / assumed) if assumed else 1.0
    if patients is not None:
        clustered = obuchowski_variance(found, patients[positive], patients[~positive])
        effect = max(1.0, clustered / plain) if plain > 0 and clustered > 0 else None
        sizes = (float(people[0]), float(people[1])) if effect is None else (sizes[0] / effect, sizes[1] / effect)
    return AurocSpread(centre, factor, sizes)


def newcombe_variance(area: float, positives: float, negatives: float) -> float:
    """Compute the variance that an AUROC of this size has where both classes' scores are spread exponentially."""
    shapes = (1 - area) / (2 - area) + area / (1 + area)
    return area * (1 - area) / (positives * negatives) * (1 + ((positives + negatives) / 2 - 1) * shapes)


def delong_variance(found: Placements) -> float:
    """Compute DeLong's variance of the AUROC of independent samples."""
    return float(sum(part.var(ddof=1) / len(part) for part in found))


def obuchowski_variance(found: Placements, of_positives: Ints, of_negatives: Ints) -> float:
    """Compute Obuchowski's variance of the AUROC from the patients' numbers of both classes' samples."""
    people = int(max(of_positives.max(), of_negatives.max())) + 1
    sums, present = [], []
    for part, of in zip(found, (of_positives, of_negatives), strict=True):
        sums.append(np.bincount(of, weights=part - part.mean(), minlength=people) / len(part))
        present.append(np.bincount(of, minlength=people) > 0)
    ill, well, all_of_them = present[0].sum(), present[1].sum(), (present[0] | present[1]).sum()
    own = ill / (ill - 1) * (sums[0] ** 2).sum() + well / (well - 1) * (sums[1] ** 2).sum()
    return float(own + 2 * all_of_them / (all_of_them - 1) * (sums[0] * sums[1]).sum())
