"""Count samples by true and predicted class."""

from __future__ import annotations

import torch
from torchmetrics.functional.classification import multiclass_confusion_matrix

from runs.statistics.roc import Ints


class Counter:
    """Counts as `confusion_matrix` does, and keeps the `last` matrix, so that nobody has to count the same again."""

    def __init__(self) -> None:
        self.last: Ints | None = None

    def __call__(self, targets: Ints, predicted: Ints, classes: int) -> Ints:
        """Count (classes, classes)."""
        self.last = confusion_matrix(targets, predicted, classes)
        return self.last


def confusion_matrix(targets: Ints, predicted: Ints, classes: int) -> Ints:
    """Count (classes, classes), exactly: row = true class, column = predicted class."""
    counts = multiclass_confusion_matrix(
        torch.from_numpy(predicted), torch.from_numpy(targets), num_classes=classes, validate_args=False
    )
    return counts.numpy()
