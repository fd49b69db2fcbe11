"""Count samples by true and predicted class."""

from __future__ import annotations

import torch
from torchmetrics.functional.classification import multiclass_confusion_matrix

from runs.statistics.roc import Ints


def confusion_matrix(targets: Ints, predicted: Ints, classes: int) -> Ints:
    """Count (classes, classes), exactly: row = true class, column = predicted class."""
    counts = multiclass_confusion_matrix(
        torch.from_numpy(predicted), torch.from_numpy(targets), num_classes=classes, validate_args=False
    )
    return counts.numpy()
