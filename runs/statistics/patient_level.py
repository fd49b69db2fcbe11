"""Make one sample of each patient, whose statistics count patients instead of images. Pure numpy.

The score of a patient is the mean of the scores of its samples. Of two classes a patient is positive if any of its
samples is. Of more, a patient has the class of its samples; one whose samples differ has no class, and is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runs.events import PatientStats
from runs.statistics.evaluated import Evaluated
from runs.statistics.predictions import evaluated
from runs.statistics.roc import Floats, Ints
from runs.statistics.score_statistics import split_statistics

MOST_CLASSES = 60
"""Of more classes there are no statistics by patient: their matrices and classes are a second evaluation to carry."""


def patient_statistics(split: Evaluated, class_names: Sequence[str], threshold: float | None) -> PatientStats | None:
    """Compute the statistics of a split's patients; None where no patient is known to have several samples."""
    if split.patients is None or len(class_names) > MOST_CLASSES:
        return None
    order = np.argsort(split.patients, kind="stable")
    starts = np.flatnonzero(np.diff(split.patients[order], prepend=-1))
    labels = split.targets[order]
    lowest, highest = np.minimum.reduceat(labels, starts), np.maximum.reduceat(labels, starts)
    mixed = lowest != highest
    kept = np.flatnonzero(~mixed) if len(class_names) > 2 else np.arange(len(starts))
    if not len(kept):
        return None
    scores = _means(split.scores[order], starts)[kept]
    logits = None if split.ranks is None or split.ranks.logits is None else split.ranks.logits[order]
    known = None if logits is None else _logits(logits, starts)[kept]
    patients = evaluated(scores, highest[kept], threshold=threshold, logits=known)
    matrix, statistics = split_statistics(patients, class_names)
    return PatientStats(
        patients=len(kept),
        mixed=int(mixed.sum()),
        confusion_matrix=matrix.tolist(),
        statistics=statistics,
    )


def _means(scores: Floats, starts: Ints) -> Floats:
    """Average the scores of each patient, whose samples begin at `starts`; equal ones stay what they are."""
    counts = np.diff(starts, append=len(scores)).reshape(-1, *[1] * (scores.ndim - 1))
    lowest, highest = (each.reduceat(scores, starts, axis=0) for each in (np.minimum, np.maximum))
    return np.asarray(np.clip(np.add.reduceat(scores, starts, axis=0) / counts, lowest, highest), dtype=np.float64)


def _logits(logits: Floats, starts: Ints) -> Floats:
    """Return logits of which the sigmoid or softmax is the mean of the scores, without rounding it to 0 or 1."""
    if logits.ndim == 2:
        rows = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
        return np.asarray(np.logaddexp.reduceat(rows, starts, axis=0), dtype=np.float64)
    positive, negative = -np.logaddexp(0, -logits), -np.logaddexp(0, logits)
    return np.asarray(
        np.logaddexp.reduceat(positive, starts) - np.logaddexp.reduceat(negative, starts), dtype=np.float64
    )
