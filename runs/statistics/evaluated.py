"""What a network says of the samples of one split, beside what is true. Pure numpy."""

from __future__ import annotations

from typing import NamedTuple

from runs.statistics.roc import Flags, Floats, Ints


class Evaluated(NamedTuple):
    """The samples of a split: `scores` and labels as in `score_statistics`.

    `patients` numbers the patient of each sample, None where they are independent: each of its own patient, or of one
    that is not known.
    """

    scores: Floats
    targets: Ints
    predicted: Ints
    patients: Ints | None

    def scores_of(self, label: int) -> Floats:
        """Return the scores by which the class is ranked against the rest."""
        return self.scores if self.scores.ndim == 1 else self.scores[:, label]

    def own(self, label: int) -> Flags:
        """Mark the samples of the class."""
        return self.targets == label

    def said(self, label: int) -> Flags:
        """Mark the samples that are predicted as the class."""
        return self.predicted == label
