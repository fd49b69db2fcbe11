"""AUROC, DeLong's variance and its paired difference against R's pROC, whose values stand here: no R is needed."""

from __future__ import annotations

import shutil
import subprocess
from typing import NamedTuple

import numpy as np
import pytest
from scipy.stats import t

from runs.statistics.intervals.auroc_interval import delong_variance
from runs.statistics.paired_auroc import paired_difference
from runs.statistics.roc import Flags, Floats, auroc, placements

# 60 samples by arithmetic of whole numbers, the same in R and here. Scores 1 and 3 have few ties, 2 and 4 many.
PROC = """suppressWarnings(suppressMessages(library(pROC)))
i <- 0:59
y <- (i * i) %% 7 < 3
scores <- list((i * 37) %% 61 + 12 * y, ((i * 37) %% 61 + 12 * y) %/% 10,
               (i * 23) %% 59 + 25 * y, ((i * 23) %% 59 + 25 * y) %/% 20, 0 * i, 1 * y)
of <- function(s) roc(y, s, levels = c(FALSE, TRUE), direction = "<", quiet = TRUE)
for (s in scores) cat(format(c(auc(of(s)), suppressWarnings(var(of(s), method = "delong"))), digits = 17), "\n")
for (pair in list(c(1, 3), c(2, 4), c(1, 2))) {
  one <- of(scores[[pair[1]]]); other <- of(scores[[pair[2]]])
  z <- roc.test(one, other, method = "delong", paired = TRUE)$statistic
  cat(format(c(auc(one) - auc(other), var(one) + var(other) - 2 * cov(one, other), z), digits = 17), "\n")
}
"""


class Area(NamedTuple):
    """What pROC says of one list of scores."""

    auroc: float
    variance: float


class Paired(NamedTuple):
    """What pROC says of two lists, by their places."""

    first: int
    second: int
    difference: float
    variance: float
    z: float


# What the lines above print with pROC 1.18.0 in R 4.2.2.
AREAS = (
    Area(0.7181942544459644084, 0.0054634653307764746),
    Area(0.7127222982216141478, 0.0050686958682559964),
    Area(0.7811217510259917951, 0.0041262985803872023),
    Area(0.7674418604651163101, 0.0037078999830772504),
    Area(0.5, 0.0),
    Area(1.0, 0.0),
)
PAIRS = (
    Paired(0, 2, -0.062927496580027387, 0.012174833029320913, -0.570307322542063289),
    Paired(1, 3, -0.054719562243502162, 0.012344430900601260, -0.492500956017965452),
    Paired(0, 1, 0.00547195622435026063, 0.00021737690081281846, 0.37113842299337052033),
)


def samples() -> tuple[list[Floats], Flags]:
    """Return the six lists of scores, and which samples are positive."""
    i = np.arange(60)
    positive = (i * i) % 7 < 3
    first, second = (i * 37) % 61 + 12 * positive, (i * 23) % 59 + 25 * positive
    lists = [first, first // 10, second, second // 20, 0 * i, 1 * positive]
    return [scores.astype(float) for scores in lists], positive


@pytest.mark.parametrize("place", range(len(AREAS)))
def test_area_and_variance_are_procs(place: int) -> None:
    lists, positive = samples()
    assert auroc(lists[place], positive) == pytest.approx(AREAS[place].auroc, abs=1e-14)
    assert delong_variance(placements(lists[place], positive)) == pytest.approx(AREAS[place].variance, abs=1e-15)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_paired_difference_is_procs(pair: Paired) -> None:
    """Interval and p are of Student's t where pROC takes the normal distribution; the error below both is the same."""
    lists, positive = samples()
    found = paired_difference(lists[pair.first], lists[pair.second], positive)
    assert found is not None
    assert found.high is not None
    assert found.value == pytest.approx(pair.difference, abs=1e-14)
    degrees = int((~positive).sum()) - 1
    assert found.high - found.value == pytest.approx(t.ppf(0.975, degrees) * pair.variance**0.5, rel=1e-9)
    assert found.p == pytest.approx(2 * t.sf(abs(pair.z), degrees), rel=1e-9)


def test_the_values_are_what_proc_prints() -> None:
    """Run the lines above, where the machine has R with pROC (Debian: r-cran-proc)."""
    rscript = shutil.which("Rscript")
    if not rscript or subprocess.run([rscript, "-e", "library(pROC)"], capture_output=True, check=False).returncode:
        pytest.skip("R with pROC is not installed: the values that it printed were not printed again")
    done = subprocess.run([rscript, "-e", PROC], capture_output=True, text=True, check=True)
    printed = [[float(number) for number in line.split()] for line in done.stdout.splitlines()]
    kept = [list(area) for area in AREAS] + [list(pair[2:]) for pair in PAIRS]
    assert printed == [pytest.approx(row, rel=1e-12, abs=1e-15) for row in kept]
