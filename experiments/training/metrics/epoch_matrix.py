"""The confusion matrix of one epoch's validation, of a bounded size whatever the number of classes."""

from __future__ import annotations

import numpy as np

from experiments.training.metrics.counting import confusion_matrix
from runs.events import EpochMatrix
from runs.statistics.predictions import predicted_classes
from runs.statistics.roc import Floats, Ints

MOST_WHOLE = 30
"""Classes up to which the whole matrix is kept: 900 cells for each epoch, about 2 kB."""
MOST_MISTAKES = 100
"""Mistakes that are kept of more classes, about 1 kB."""


def epoch_matrix(scores: Floats, targets: Ints, counted: Ints | None = None) -> EpochMatrix | None:
    """Count what was taken for what; None for two classes, without samples, and for scores that are not finite.

    `counted` is the confusion matrix, where it was counted already.
    Of equally frequent mistakes, that of the smaller class comes first, then that of the lower labels.
    """
    if scores.ndim != 2 or not len(scores) or not np.isfinite(scores).all():
        return None
    if counted is None:
        counted = confusion_matrix(targets, predicted_classes(scores, None), scores.shape[1])
    matrix = counted
    totals, right = matrix.sum(axis=1), np.diagonal(matrix)
    true, taken = np.nonzero(matrix - np.diag(right))
    whole = len(matrix) <= MOST_WHOLE
    return EpochMatrix(
        classes=len(matrix),
        samples=int(totals.sum()),
        right=int(right.sum()),
        pairs=len(true),
        cells=matrix.ravel().tolist() if whole else [],
        mistakes=[] if whole else _most_frequent(matrix, totals, true, taken),
    )


def _most_frequent(matrix: Ints, totals: Ints, true: Ints, taken: Ints) -> list[list[int]]:
    cells = matrix[true, taken]
    order = np.lexsort((taken, true, totals[true], -cells))[:MOST_MISTAKES]
    columns = np.stack([true, taken, cells, totals[true]], axis=1)
    found: list[list[int]] = columns[order].tolist()
    return found
