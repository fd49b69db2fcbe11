"""Compare the decisions of two networks on the same samples: McNemar's test, of patients by flipping signs. Pure numpy.

What both decide alike, rightly or wrongly, says nothing of a difference. Of the other samples, d = (first is right) -
(second is right) is summed over each patient; if both are equally good, the sign of each sum is as likely to be + as -.
With one sample of each patient that is McNemar, Psychometrika 12 (1947) 153-157, in its exact form; the mid-p value,
which counts half of the tables that are as extreme as this one: Fagerland, Lydersen and Laake, BMC Med. Res. Methodol.
13 (2013) 91. Where all signs cannot be counted: Durkalski, Palesch, Lipsitz and Rust, Stat. Med. 22 (2003) 2417-2428.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from scipy.special import bdtr, ndtr

from runs.statistics.matrix_statistics import Number
from runs.statistics.roc import Flags, Ints

EXACT = "mcnemar_exact"
SIGN_FLIPS = "sign_flips_by_patient"
ROBUST = "robust_z_by_patient"

MOST_COUNTED = 5_000
"""Samples on which the decisions of patients differ, up to which all signs are counted."""


class DecisionTest(NamedTuple):
    """How many samples each decides rightly, and how likely as great a difference is by chance, `p`.

    `mid_p` is None where `method` is approximate.
    """

    both: int
    first_only: int
    second_only: int
    neither: int
    method: str
    p: float
    mid_p: Number


def compared_decisions(first: Flags, second: Flags, patients: Ints | None = None) -> DecisionTest:
    """Test whether `first` is right more often than `second`, or less; `patients` has the number of each sample's."""
    gained = first.astype(np.int64) - second.astype(np.int64)
    counts = (
        int((first & second).sum()),
        int((gained > 0).sum()),
        int((gained < 0).sum()),
        int((~first & ~second).sum()),
    )
    if patients is None:
        return DecisionTest(*counts, EXACT, *_binomial(counts[1], counts[2]))
    sums = np.bincount(patients, weights=gained).astype(np.int64) if len(patients) else gained
    sums = sums[sums != 0]
    if int(np.abs(sums).sum()) > MOST_COUNTED:
        z = float(sums.sum()) / math.sqrt(float((sums**2).sum()))
        return DecisionTest(*counts, ROBUST, 2 * float(ndtr(-abs(z))), None)
    return DecisionTest(*counts, SIGN_FLIPS, *_flipped(sums))


def _binomial(one: int, other: int) -> tuple[float, float]:
    """Return p and mid-p of fair coins: McNemar's exact test."""
    few, many = sorted((one, other))
    size = few + many
    if few == many:
        equal = float(bdtr(few, size, 0.5) - bdtr(few - 1, size, 0.5)) if few else 1.0
        return 1.0, 1 - equal / 2
    below = float(bdtr(few - 1, size, 0.5)) if few else 0.0
    to = float(bdtr(few, size, 0.5))
    return min(1.0, 2 * to), min(1.0, to + below)


def _flipped(sums: Ints) -> tuple[float, float]:
    """Return p and mid-p of the sum among all ways to choose the signs of its parts."""
    sizes = np.abs(sums)
    total = int(sizes.sum())
    shares = np.ones(1)  # of the sums 0, 1, ... of a choice of parts: half of (total + sum with signs)
    for size in sizes:
        shares = np.concatenate((shares, np.zeros(size))) + np.concatenate((np.zeros(size), shares))
        shares /= 2
    distance = np.abs(2 * np.arange(total + 1) - total)
    found = abs(int(sums.sum()))
    beyond, equal = float(shares[distance > found].sum()), float(shares[distance == found].sum())
    return min(1.0, beyond + equal), min(1.0, beyond + equal / 2)
