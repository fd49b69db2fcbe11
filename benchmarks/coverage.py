"""How often the 95 % interval of the AUROC holds the true value. Run: `python -m benchmarks.coverage --sets 1000`.

Data sets are drawn whose AUROC is known: few positives, uneven scores, rounded scores, several images of a patient.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from runs.statistics.intervals.auroc_interval import auroc_interval
from runs.statistics.matrix_statistics import Interval
from runs.statistics.roc import Flags, Floats, Ints


class Drawn(NamedTuple):
    """Samples of one data set."""

    scores: Floats
    positive: Flags
    patients: Ints | None


Draw = Callable[[np.random.Generator, float], Drawn]
AREAS = (0.7, 0.9, 0.97)
_SHARED = 0.6  # of the variance, between the images of a patient


def independent(positives: int, negatives: int, *, rounded: bool = False) -> Draw:
    """Draw normal scores, whole numbers where asked, which the positives have shifted."""

    def draw(random: np.random.Generator, area: float) -> Drawn:
        positive = np.arange(positives + negatives) < positives
        scores = random.normal(size=len(positive)) + math.sqrt(2) * ndtri(area) * positive
        return Drawn(scores.round() if rounded else scores, positive, None)

    return draw


def rounded_area(area: float) -> float:
    """Return the AUROC that rounding leaves of the area: equal scores count half."""
    edges = np.arange(-12, 13) - 0.5
    negatives, positives = np.diff(ndtr(edges)), np.diff(ndtr(edges - math.sqrt(2) * ndtri(area)))
    below = np.cumsum(negatives) - negatives / 2
    return float((positives * below).sum())


def mixture(positives: int, negatives: int) -> Draw:
    """Draw positives of which some are far above, the rest like the negatives."""

    def draw(random: np.random.Generator, area: float) -> Drawn:
        positive = np.arange(positives + negatives) < positives
        far = positive & (random.random(len(positive)) < 2 * area - 1)
        return Drawn(random.normal(size=len(positive)) + 100 * far, positive, None)

    return draw


def patients(ill: int, well: int, images: int) -> Draw:
    """Draw several similar images of each patient, all with the patient's label."""

    def draw(random: np.random.Generator, area: float) -> Drawn:
        of = np.repeat(np.arange(ill + well), images)
        return _clustered(random, area, of, of < ill)

    return draw


def mixed(people: int, images: int, share: float) -> Draw:
    """Draw several similar images of each patient, each with a label of its own."""

    def draw(random: np.random.Generator, area: float) -> Drawn:
        of = np.repeat(np.arange(people), images)
        return _clustered(random, area, of, random.random(len(of)) < share)

    return draw


def _clustered(random: np.random.Generator, area: float, of: Ints, positive: Flags) -> Drawn:
    common = random.normal(size=of.max() + 1)[of]
    own = random.normal(size=len(of))
    scores = math.sqrt(_SHARED) * common + math.sqrt(1 - _SHARED) * own + math.sqrt(2) * ndtri(area) * positive
    return Drawn(scores, positive, of)


SCENARIOS: dict[str, Draw] = {
    "3/40": independent(3, 40),
    "10/90": independent(10, 90),
    "20/180": independent(20, 180),
    "100/100": independent(100, 100),
    "10/90 rounded": independent(10, 90, rounded=True),
    "5/50 rounded": independent(5, 50, rounded=True),
    "10/90 mixture": mixture(10, 90),
    "20/180 mixture": mixture(20, 180),
    "5/20 x 5": patients(5, 20, 5),
    "10/40 x 5": patients(10, 40, 5),
    "20/40 x 10": patients(20, 40, 10),
    "50/100 x 4": patients(50, 100, 4),
    "mixed, 50 x 5": mixed(50, 5, 0.2),
    "mixed, 30 x 3": mixed(30, 3, 0.2),
}


def coverage(
    name: str, area: float, sets: int, *, interval: Callable[[Floats, Flags, Ints | None], Interval] = auroc_interval
) -> float:
    """Return the share of data sets whose interval holds the AUROC; those without an interval are left out."""
    random, draw = np.random.default_rng(2_025), SCENARIOS[name]
    known = [ends for ends in (interval(*draw(random, area)) for _ in range(sets)) if None not in ends]
    true = rounded_area(area) if "rounded" in name else area
    return sum(low <= true <= high for low, high in known if low is not None and high is not None) / len(known)


def main() -> None:
    """Print the coverage of every scenario."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=1000, help="data sets of each cell (default 1000)")
    sets = parser.parse_args().sets
    print("positives/negatives | " + " | ".join(f"AUROC {area}" for area in AREAS))
    for name in SCENARIOS:
        print(f"{name:19} | " + " | ".join(f"{coverage(name, area, sets):9.3f}" for area in AREAS))


if __name__ == "__main__":
    main()
