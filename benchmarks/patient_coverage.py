"""How often intervals that follow patients hold the true value. Run: `python -m benchmarks.patient_coverage`.

Data sets are drawn with several similar images of each patient. Of shares the true value is known; of the others it is
that of very many images, or patients.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import expit, ndtri

from runs.statistics.evaluated import Evaluated
from runs.statistics.intervals.proportions import proportion_interval
from runs.statistics.matrix_statistics import Number
from runs.statistics.patient_level import patient_statistics
from runs.statistics.predictions import evaluated
from runs.statistics.roc import Floats, Ints
from runs.statistics.score_statistics import split_statistics

SHARES = (0.7, 0.9, 0.97)
SIZES = ((5, 5), (10, 5), (20, 5), (40, 10), (100, 4))
"""Patients, and images of each."""
NAMES = ["no", "yes"]
_SHARED = 0.6  # of the variance, between the images of a patient
_MANY = 20_000


class Patients(NamedTuple):
    """Patients with images of each, a share of whom is ill: all images of a patient have its label."""

    people: int
    images: int
    ill: float


SCENARIOS = {
    "40 x 5": Patients(40, 5, 0.4),
    "100 x 3": Patients(100, 3, 0.4),
    "100 x 3, 10 % ill": Patients(100, 3, 0.1),
}


def share_coverage(people: int, images: int, share: float, sets: int) -> float:
    """Return how often the interval of a share holds it."""
    random, patients = np.random.default_rng(11), np.repeat(np.arange(people), images)
    held = 0
    for _ in range(sets):
        right = _similar(random, patients) < ndtri(share)
        low, high = proportion_interval(right, patients)
        held += low is not None and high is not None and low <= share <= high
    return held / sets


def coverage(name: str, sets: int, *, by_patient: bool) -> dict[str, float]:
    """Return how often the interval of each statistic holds its true value, of those data sets that have one."""
    scenario, random = SCENARIOS[name], np.random.default_rng(2_026)
    true = _statistics(_drawn(random, scenario._replace(people=_MANY)), by_patient=by_patient)
    held, known = Counter[str](), Counter[str]()
    for _ in range(sets):
        found = _statistics(_drawn(random, scenario), by_patient=by_patient)
        for statistic in (row.removesuffix("_ci_low") for row in found if row.endswith("_ci_low")):
            low, high, value = found[f"{statistic}_ci_low"], found[f"{statistic}_ci_high"], true[statistic]
            if low is not None and high is not None and value is not None:
                known[statistic] += 1
                held[statistic] += low <= value <= high
    return {statistic: held[statistic] / count for statistic, count in known.items()}


def _drawn(random: np.random.Generator, scenario: Patients) -> Evaluated:
    """Draw a split: scores of ill patients are higher."""
    patients = np.repeat(np.arange(scenario.people), scenario.images)
    ill = (random.random(scenario.people) < scenario.ill)[patients]
    scores = expit(_similar(random, patients) + 1.5 * ill - 0.75)
    return evaluated(scores, ill.astype(np.int64), patients=patients)


def _similar(random: np.random.Generator, patients: Ints) -> Floats:
    """Draw normal numbers of which those of one patient are alike."""
    common, own = random.normal(size=patients.max() + 1)[patients], random.normal(size=len(patients))
    return np.asarray(math.sqrt(_SHARED) * common + math.sqrt(1 - _SHARED) * own, dtype=np.float64)


def _statistics(split: Evaluated, *, by_patient: bool) -> Mapping[str, Number]:
    if not by_patient:
        return split_statistics(split, NAMES)[1]
    found = patient_statistics(split, NAMES, None)
    return found.statistics if found else {}


def main() -> None:
    """Print the coverage of every cell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=500, help="data sets of each cell (default 500)")
    sets = parser.parse_args().sets
    print("patients x images | " + " | ".join(f"share {share}" for share in SHARES))
    for people, images in SIZES:
        cells = [share_coverage(people, images, share, 2 * sets) for share in SHARES]
        print(f"{f'{people} x {images}':17} | " + " | ".join(f"{cell:9.3f}" for cell in cells))
    for by_patient in (False, True):
        columns = {name: coverage(name, sets, by_patient=by_patient) for name in SCENARIOS}
        print(f"\nof {'patients' if by_patient else 'samples'} | " + " | ".join(columns))
        for statistic in next(iter(columns.values())):
            cells = [columns[name].get(statistic, math.nan) for name in columns]
            print(f"{statistic:30} | " + " | ".join(f"{cell:.3f}" for cell in cells))


if __name__ == "__main__":
    main()
