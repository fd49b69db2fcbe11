"""Compute the 95 % interval of a proportion of patients' samples. Pure numpy.

Korn and Graubard, Surv. Methodol. 24 (1998) 193-201: Wilson's interval with as many samples as would be worth as much
if they were independent. With x of m samples of each of K patients, p = sum x / sum m and
V = K / (K - 1) sum (x - p m)^2 / (sum m)^2, these are min(sum m, p (1 - p) / V), K where V is 0, times (z / t)^2 with
the 97.5 % quantile t of Student's t with K - 1 degrees of freedom.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, stdtrit

from runs.statistics.intervals.patients import repeated
from runs.statistics.matrix_statistics import Z95, Interval, score_interval
from runs.statistics.roc import Flags, Floats, Ints


def proportion_interval(right: Flags, patients: Ints | None = None) -> Interval:
    """Compute the interval of the share of samples that are right.

    None without samples, or where one patient has all of several. It is Wilson's where the patients are not known, and
    where each has one of the samples.
    """
    spread = proportion_spread(right, patients)
    return spread.ends() if spread else (None, None)


class ProportionSpread(NamedTuple):
    """A share, and how far chance allows it to be from the true one, as `proportion_interval` computes it.

    `people` are the patients who count instead of samples, 0 where samples do.
    """

    share: float
    effective: float
    people: int

    def ends(self, z: float = Z95) -> tuple[float, float]:
        """Return the ends of the interval with this normal quantile."""
        quantile = -float(stdtrit(self.people - 1, ndtr(-z))) if self.people else z
        trials = self.effective * (z / quantile) ** 2
        return score_interval(self.share, trials, z)

    def end(self, place: int, z: float) -> float:
        """Return the lower end, 0, or the upper one, 1."""
        return self.ends(z)[place]


def proportion_spread(right: Flags, patients: Ints | None = None) -> ProportionSpread | None:
    """Compute what the interval follows from; None where there is none."""
    people = repeated(patients)
    if people is None:
        return ProportionSpread(float(right.mean()), len(right), 0) if len(right) else None
    trials = np.bincount(people)
    taking_part = trials > 0
    successes = np.bincount(people, weights=right, minlength=len(trials))
    return _clustered(successes[taking_part].astype(np.float64), trials[taking_part].astype(np.float64))


def _clustered(successes: Floats, trials: Floats) -> ProportionSpread | None:
    people, size = len(trials), float(trials.sum())
    if people < 2:
        return None
    share = float(successes.sum()) / size
    variance = people / (people - 1) * float(((successes - share * trials) ** 2).sum()) / size**2
    return ProportionSpread(share, min(size, share * (1 - share) / variance) if variance > 0 else float(people), people)


def class_intervals(own: Flags, said: Flags, patients: Ints) -> dict[str, Interval]:
    """Compute the intervals of what is measured of one class; its samples are `own`, those predicted so `said`."""
    within = {"precision": (own, said), "recall": (said, own), "specificity": (~said, ~own), "npv": (~own, ~said)}
    return {name: proportion_interval(right[of], patients[of]) for name, (right, of) in within.items()}
