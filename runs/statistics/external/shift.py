"""Tell how the samples of another data set differ from those that a run was tested on. Needs SciPy.

Three things can shift apart: how frequent the classes are (prevalence), which scores the samples get, and what a
score is worth (calibration). Prevalences are compared by Newcombe's interval of a difference
(`operating_points.split_shift`) and by a z test with as many samples as would be worth as much if they were
independent, which is Pearson's chi-square test where they are; of several classes the p values are adjusted by Holm's
method. Scores are compared by the two-sample Kolmogorov-Smirnov statistic, the greatest distance between the two
distribution functions: of all samples, and of those of each class alone, which the prevalence does not move.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtr
from scipy.stats import ks_2samp

from runs.statistics.external.measured import Scored
from runs.statistics.holm import holm
from runs.statistics.intervals.patients import repeated
from runs.statistics.intervals.proportions import proportion_spread
from runs.statistics.matrix_statistics import Number
from runs.statistics.operating_points.split_shift import shift
from runs.statistics.roc import Flags, Floats, Ints

BINS = 20
"""Of a histogram from 0 to 1, all of equal width; the last one has its right end."""
MOST_CLASSES = 60
"""Of more classes, those whose prevalence differs most are described."""


class Share(NamedTuple):
    """How many of the samples are of a class, with the 95 % interval of their share."""

    samples: int
    own: int
    value: float
    ci_low: Number
    ci_high: Number


def prevalence_shifts(here: Scored, there: Scored, class_names: Sequence[str]) -> list[dict[str, Any]]:
    """Compare how frequent each class is here with there; of two classes the positive one stands for both.

    `difference` is that of here less that of there. Raises ValueError without samples.
    """
    labels = [1] if len(class_names) == 2 else range(len(class_names))
    found = [_prevalence(here, there, label, class_names[label]) for label in labels]
    adjusted = holm([one["difference"]["p"] for one in found])
    for one, p in zip(found, adjusted, strict=True):
        one["difference"]["p_holm"] = p
    if len(found) > MOST_CLASSES:
        found = sorted(found, key=lambda one: -abs(one["external"]["value"] - one["internal"]["value"]))[:MOST_CLASSES]
    return found


def _prevalence(here: Scored, there: Scored, label: int, name: str) -> dict[str, Any]:
    external, internal = (_share(samples.targets == label, samples.patients) for samples in (here, there))
    keys = {"": "value", "_ci_low": "ci_low", "_ci_high": "ci_high"}
    first, second = (
        {f"share{end}": getattr(share, field) for end, field in keys.items()} for share in (internal, external)
    )
    moved = shift("share", first, second)
    return {
        "class": name,
        "external": external._asdict(),
        "internal": internal._asdict(),
        "difference": {
            "value": external.value - internal.value,
            "ci_low": moved.low if moved else None,
            "ci_high": moved.high if moved else None,
            "p": _p_of(here.targets == label, here.patients, there.targets == label, there.patients),
        },
    }


def _share(own: Flags, patients: Ints | None) -> Share:
    spread = proportion_spread(own, patients)
    low, high = spread.ends() if spread else (None, None)
    return Share(len(own), int(own.sum()), float(own.mean()), low, high)


def _p_of(own: Flags, patients: Ints | None, other: Flags, other_patients: Ints | None) -> Number:
    """Compute the p value of the difference; None where one patient has all samples, or all are of one kind."""
    one, two = proportion_spread(own, patients), proportion_spread(other, other_patients)
    if one is None or two is None:
        return None
    size = one.effective + two.effective
    pooled = (one.share * one.effective + two.share * two.effective) / size
    variance = pooled * (1 - pooled) * (1 / one.effective + 1 / two.effective)
    if variance <= 0:
        return None
    return float(2 * ndtr(-abs(one.share - two.share) / math.sqrt(variance)))


def score_shifts(here: Scored, there: Scored, class_names: Sequence[str]) -> list[dict[str, Any]]:
    """Compare the scores of all samples, then of those of each class; of many classes the highest score of each sample.

    `ks` is the Kolmogorov-Smirnov statistic, 0 to 1, null where either has no such samples. `p` is null too where
    patients have several samples: they are not independent.
    """
    ours, theirs = shown_scores(here), shown_scores(there)
    found = [_compared("all", ours, theirs, here, there)]
    if len(class_names) == 2:
        for label, name in enumerate(class_names):
            inside, outside = here.targets == label, there.targets == label
            found.append(_compared(name, ours[inside], theirs[outside], here, there))
    return found


def shown_scores(samples: Scored) -> Floats:
    """Return the positive class's score of two classes, else the highest score."""
    return samples.scores if samples.scores.ndim == 1 else np.asarray(samples.scores.max(axis=1), dtype=np.float64)


def _compared(of: str, ours: Floats, theirs: Floats, here: Scored, there: Scored) -> dict[str, Any]:
    told: dict[str, Any] = {"of": of, "external_samples": len(ours), "internal_samples": len(theirs)}
    if not len(ours) or not len(theirs):
        return told | {"ks": None, "p": None, "external_median": None, "internal_median": None}
    found = ks_2samp(ours, theirs, method="auto")
    dependent = repeated(here.patients) is not None or repeated(there.patients) is not None
    return told | {
        "ks": float(found.statistic),
        "p": None if dependent else float(found.pvalue),
        "external_median": float(np.median(ours)),
        "internal_median": float(np.median(theirs)),
    }


def histograms(here: Scored, there: Scored, class_names: Sequence[str]) -> dict[str, Any]:
    """Count the samples by score in `BINS` equal bins from 0 to 1: of all, and of each of two classes."""
    return {
        "edges": np.linspace(0, 1, BINS + 1).tolist(),
        "external": _histogram(here, class_names),
        "internal": _histogram(there, class_names),
    }


def _histogram(samples: Scored, class_names: Sequence[str]) -> dict[str, list[int]]:
    shown = shown_scores(samples)
    found = {"all": _counts(shown)}
    if len(class_names) == 2:
        found |= {name: _counts(shown[samples.targets == label]) for label, name in enumerate(class_names)}
    return found


def _counts(scores: Floats) -> list[int]:
    found: list[int] = np.histogram(scores, bins=BINS, range=(0, 1))[0].tolist()
    return found
