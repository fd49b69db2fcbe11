"""What a network says of the samples of one split, beside what is true. Pure numpy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from runs.statistics.log_odds import LogOdds
from runs.statistics.roc import Ascending, Flags, Floats, Ints, ascending
from runs.statistics.sample_losses import NEAREST


class Ranks:
    """What samples are ranked by, class by class: log-odds where the logits are known, else the scores."""

    def __init__(self, scores: Floats, logits: Floats | None) -> None:
        self._scores, self.logits = scores, logits
        self._odds = None if logits is None else LogOdds(logits)
        self._last: tuple[int, Ascending] | None = None

    def of(self, label: int) -> Floats:
        """Return (N,) numbers, higher where the class is more likely."""
        if self._odds is not None:
            return self._odds.of(label)
        return self._scores if self._scores.ndim == 1 else self._scores[:, label]

    def order(self, label: int) -> Ascending:
        """Return the order of the samples by the class, which is kept until another class is asked for."""
        if self._last is None or self._last[0] != label:
            self._last = (label, ascending(self.of(label)))
        return self._last[1]

    def log_odds(self, label: int) -> Floats | None:
        """Return the log-odds of the class; None where the logits are not known."""
        return None if self._odds is None else self._odds.of(label)


class Evaluated(NamedTuple):
    """The samples of a split: `scores` and labels as in `score_statistics`.

    `patients` numbers the patient of each sample, None where they are independent: each of its own patient, or of one
    that is not known.
    """

    scores: Floats
    targets: Ints
    predicted: Ints
    patients: Ints | None
    ranks: Ranks | None = None

    def ranks_of(self, label: int) -> Floats:
        """Return what ranks the samples from the least to the most likely of the class: scores, unless given."""
        return (self.ranks or Ranks(self.scores, None)).of(label)

    def order_of(self, label: int) -> Ascending:
        """Return the order of the samples by `ranks_of`."""
        return (self.ranks or Ranks(self.scores, None)).order(label)

    def own(self, label: int) -> Flags:
        """Mark the samples of the class."""
        return np.asarray(self.targets == label, dtype=np.bool_)

    def said(self, label: int) -> Flags:
        """Mark the samples that are predicted as the class."""
        return np.asarray(self.predicted == label, dtype=np.bool_)

    def log_odds(self) -> Floats:
        """Return log(p / (1 - p)) of the positive class's scores p of two classes, cut 2.2e-16 from 0 and 1."""
        known = self.ranks.log_odds(1) if self.ranks else None
        bound = float(np.log(NEAREST / (1 - NEAREST)))
        if known is not None:
            return np.clip(known, bound, -bound)
        near = np.clip(self.scores, NEAREST, 1 - NEAREST)
        return np.asarray(np.log(near / (1 - near)), dtype=np.float64)
