"""The confusion matrix of an epoch's validation is counted once, for the numbers and for what is kept of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, recall_score
from torchmetrics.functional.classification import multiclass_confusion_matrix

from experiments.training.callbacks.metrics_collector import MetricsCollector
from experiments.training.metrics import counting
from runs.events import EpochEnd


def test_a_matrix_of_several_classes_is_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    count = multiclass_confusion_matrix

    def watched(predicted: torch.Tensor, *rest: Any, **options: Any) -> torch.Tensor:
        counts.append(len(predicted))
        return count(predicted, *rest, **options)

    monkeypatch.setattr(counting, "multiclass_confusion_matrix", watched)
    messages: list[Any] = []
    collector = MetricsCollector(threshold=None, report=messages.append)
    trainer: Any = SimpleNamespace(
        sanity_checking=False, current_epoch=0, accumulate_grad_batches=1, callback_metrics={}
    )
    module: Any = SimpleNamespace()
    logits, targets = torch.randn(40, 3, generator=torch.Generator().manual_seed(1)), torch.arange(40) % 3
    loss = torch.tensor(1.0)
    collector.on_train_batch_end(trainer, module, {"loss": loss, "logits": logits[:10], "target": targets[:10]})
    outputs = {"loss": loss, "logits": logits, "target": targets}
    collector.on_validation_batch_end(trainer, module, outputs)
    collector.on_validation_epoch_end(trainer, module)
    collector.on_validation_end(trainer)
    assert sorted(counts) == [10, 40]  # training's and validation's samples, each once
    train, val = (message for message in messages if isinstance(message, EpochEnd))
    assert train.matrix is None
    assert val.matrix is not None
    said = logits.argmax(dim=1).numpy()
    assert val.matrix.cells == confusion_matrix(targets, said).ravel().tolist()
    assert val.metrics["val_recall"] == pytest.approx(recall_score(targets, said, average="macro"))
    assert val.metrics["val_acc"] == pytest.approx(np.mean(said == targets.numpy()))
