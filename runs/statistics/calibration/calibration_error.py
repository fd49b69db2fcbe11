"""Compare scores with how often they come true, in ten bins of equally many samples. Pure numpy.

The samples are ordered by score and cut into ten; samples of equal score share a bin, that of their middle. Of two
classes the score is that of the positive class, whatever the threshold; of more, that of the predicted class, which
comes true where the prediction is right. Naeini et al., AAAI 2015, with bins after Nguyen and O'Connor, EMNLP 2015.

No bootstrap interval holds this number: chance alone raises it, and resamples raise it again. What says how much of it
is chance are labels drawn with the scores as probabilities: the number of a perfectly calibrated network with them.
"""

from __future__ import annotations

import numpy as np

from runs.events import ReliabilityPoint
from runs.statistics.evaluated import Evaluated
from runs.statistics.intervals.proportions import proportion_interval
from runs.statistics.roc import Ascending, Flags, Floats, Ints, ascending

BINS = 10
DRAWS = 200
MOST_DRAWN = 100_000
"""Samples of which labels are drawn one by one; of more, how many come true in each bin, from a normal distribution."""


class Binned:
    """Samples in the order of their scores, with the place where each bin that is not empty begins."""

    def __init__(self, scores: Floats, outcomes: Flags, known: Ascending | None = None) -> None:
        self.order = (ascending(scores) if known is None else known.by(scores)).order
        self.scores, self.outcomes = scores[self.order], outcomes[self.order]
        bins = _bins(self.scores)
        self.starts = np.flatnonzero(np.diff(bins, prepend=-1))
        self._sums = np.add.reduceat(self.scores, self.starts)

    def error(self, outcomes: Flags | None = None) -> float:
        """Compute the calibration error, of other outcomes if given."""
        came_true = self.outcomes if outcomes is None else outcomes
        counts = np.add.reduceat(came_true, self.starts, dtype=np.int64)
        return float(np.abs(counts - self._sums).sum() / len(self.scores))

    def errors_if_calibrated(self, seed: int) -> Floats:
        """Compute the errors of labels that are drawn with the scores as probabilities."""
        random = np.random.default_rng([seed, BINS])
        if len(self.scores) > MOST_DRAWN:
            spreads = np.sqrt(np.add.reduceat(self.scores * (1 - self.scores), self.starts))
            surplus = random.standard_normal((DRAWS, len(spreads))) * spreads
            return np.asarray(np.abs(surplus).sum(axis=1) / len(self.scores), dtype=np.float64)
        return np.array([self.error(random.random(len(self.scores)) < self.scores) for _ in range(DRAWS)])


def binned(split: Evaluated) -> Binned:
    """Order the samples of a split by the score of the positive class, or of the predicted one of several."""
    if split.scores.ndim == 1:
        return Binned(split.scores, split.own(1), split.order_of(1))
    return Binned(split.scores[np.arange(len(split.scores)), split.predicted], split.predicted == split.targets)


def reliability(split: Evaluated, found: Binned | None = None) -> list[ReliabilityPoint]:
    """Compute the points of the reliability diagram, from low scores to high ones, of bins that may be known."""
    found = found or binned(split)
    patients = None if split.patients is None else split.patients[found.order]
    ends = [*found.starts[1:].tolist(), len(found.scores)]
    return [_bin(found, patients, start, end) for start, end in zip(found.starts.tolist(), ends, strict=True)]


def _bin(found: Binned, patients: Ints | None, start: int, end: int) -> ReliabilityPoint:
    scores, outcomes = found.scores[start:end], found.outcomes[start:end]
    low, high = proportion_interval(outcomes, None if patients is None else patients[start:end])
    return ReliabilityPoint(
        samples=end - start,
        low=float(scores[0]),
        high=float(scores[-1]),
        mean_score=float(scores.mean()),
        share=float(outcomes.mean()),
        ci_low=low,
        ci_high=high,
    )


def _bins(ordered: Floats) -> Ints:
    """Return the bin of each of the ordered scores: where the middle of those equal to it is among the samples."""
    starts = np.flatnonzero(np.diff(ordered, prepend=-np.inf))
    sizes = np.diff(starts, append=len(ordered))
    return np.repeat((2 * starts + sizes) * BINS // (2 * len(ordered)), sizes)
