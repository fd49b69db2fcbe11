"""Numbers of a real run, recomputed independently: from checkpoints with scikit-learn, from batches with autograd."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics as sk

from experiments.training.contract.reports import Message
from runs.events import BatchMetrics, GradientStats
from tests.experiments.training.trainings import (
    Network,
    SmallData,
    carry_out,
    job_of,
    known,
    metrics_by_epoch,
    of_type,
    outcome,
)

EPOCHS = 3


def trained(
    tmp_path: Path, *, classes: int = 2, rate: float = 0.1, **trainer: Any
) -> tuple[list[Message], SmallData, Network]:
    """Train three epochs of batches of 16, 16, 16 and 2, with a checkpoint of each epoch kept."""
    data, model = SmallData(classes=classes), Network(classes=classes, rate=rate)
    job = job_of(
        tmp_path / "7",
        trainer={"max_epochs": EPOCHS, **trainer},
        callbacks={"save_top_k": EPOCHS, "batch_metrics_every": 3, "gradient_stats_every": 4},
        model={"threshold": 0.45},
    )
    messages = carry_out(job, data=data, model=model)
    assert outcome(messages).status == "completed", outcome(messages).reason
    return messages, data, model


def logits_of_epoch(tmp_path: Path, epoch: int, data: SmallData, classes: int) -> Any:
    """Compute the validation split through the epoch's checkpoint, without Lightning."""
    checkpoint = torch.load(tmp_path / "7" / "checkpoints" / "a1" / f"epoch{epoch:04d}.ckpt", weights_only=True)
    model = Network(classes=classes)
    model.load_state_dict(checkpoint["state_dict"])
    with torch.no_grad():
        return model.eval()(data.x[data.rows("val")])


def test_each_val_metric_of_each_epoch_of_a_binary_run(tmp_path: Path) -> None:
    messages, data, _ = trained(tmp_path)
    y = data.y[data.rows("val")].numpy()
    for epoch in range(EPOCHS):
        logits = logits_of_epoch(tmp_path, epoch, data, 2)
        scores = logits.double().sigmoid().numpy()
        said = scores >= 0.45
        tn, fp, fn, tp = sk.confusion_matrix(y, said).ravel()
        assert metrics_by_epoch(messages, "val")[epoch] == pytest.approx(
            {
                "val_loss": sk.log_loss(y, scores),
                "val_acc": sk.accuracy_score(y, said),
                "val_precision": sk.precision_score(y, said),
                "val_recall": sk.recall_score(y, said),
                "val_f1": sk.f1_score(y, said),
                "val_auroc": sk.roc_auc_score(y, scores),
                "val_cm_tp": tp,
                "val_cm_tn": tn,
                "val_cm_fp": fp,
                "val_cm_fn": fn,
            },
            rel=1e-6,
        )


def test_each_val_metric_of_each_epoch_of_a_run_with_three_classes(tmp_path: Path) -> None:
    messages, data, _ = trained(tmp_path, classes=3)
    y = data.y[data.rows("val")].numpy()
    for epoch in range(EPOCHS):
        scores = logits_of_epoch(tmp_path, epoch, data, 3).double().softmax(dim=1).numpy()
        said = scores.argmax(axis=1)
        averages = {"average": "macro", "zero_division": 0, "labels": np.unique(y)}
        assert metrics_by_epoch(messages, "val")[epoch] == pytest.approx(
            {
                "val_loss": sk.log_loss(y, scores),
                "val_acc": sk.accuracy_score(y, said),
                "val_precision": sk.precision_score(y, said, **averages),
                "val_recall": sk.recall_score(y, said, **averages),
                "val_f1": sk.f1_score(y, said, **averages),
                "val_auroc": sk.roc_auc_score(y, scores, multi_class="ovr"),
            },
            rel=1e-6,
        )


def test_each_train_metric_of_each_epoch(tmp_path: Path) -> None:
    """From what the module itself saw; four batches an epoch, the last one smaller."""
    messages, _, model = trained(tmp_path)
    for epoch in range(EPOCHS):
        steps = model.trained[4 * epoch : 4 * epoch + 4]
        scores = torch.cat([step["logits"] for step in steps]).double().sigmoid().numpy()
        y = torch.cat([step["target"] for step in steps]).numpy()
        said = scores >= 0.45
        assert len(y) == 50
        assert metrics_by_epoch(messages, "train")[epoch] == pytest.approx(
            {
                "train_loss": sk.log_loss(y, scores),
                "train_acc": sk.accuracy_score(y, said),
                "train_f1": sk.f1_score(y, said),
                "train_recall": sk.recall_score(y, said),
                "learning_rate": 0.1,
            },
            rel=1e-6,
        )


@pytest.mark.parametrize("accumulate", [1, 2])
def test_batch_metrics_are_those_of_the_batch(tmp_path: Path, accumulate: int) -> None:
    """Lightning divides a loss by the number of accumulated batches; what is told is the batch's own."""
    messages, _, model = trained(tmp_path, accumulate_grad_batches=accumulate)
    events = of_type(messages, BatchMetrics)
    assert [(event.epoch, event.batch_idx) for event in events] == [(e, b) for e in range(EPOCHS) for b in (0, 3)]
    for event in events:
        step = model.trained[4 * event.epoch + event.batch_idx]
        y, scores = step["target"].numpy(), step["logits"].double().sigmoid().numpy()
        said = scores >= 0.45
        assert event.step == (4 // accumulate) * event.epoch + (event.batch_idx + 1) // accumulate
        assert event.loss == pytest.approx(sk.log_loss(y, scores, labels=[0, 1]), rel=1e-5)
        assert event.accuracy == pytest.approx(sk.accuracy_score(y, said))
        assert event.recall == pytest.approx(sk.recall_score(y, said))
        assert event.f1 == pytest.approx(sk.f1_score(y, said))


@pytest.mark.parametrize("accumulate", [1, 2])
def test_train_loss_does_not_depend_on_accumulation(tmp_path: Path, accumulate: int) -> None:
    messages, _, model = trained(tmp_path, rate=0.0, accumulate_grad_batches=accumulate)
    steps = model.trained[:4]
    losses = [float(step["loss"]) for step in steps]
    mean = np.average(losses, weights=[len(step["target"]) for step in steps])
    assert metrics_by_epoch(messages, "train")[0]["train_loss"] == pytest.approx(mean, rel=1e-6)


def test_gradient_norms_are_autograds_before_clipping(tmp_path: Path) -> None:
    """A clip far below the gradient must not show, except in where the weights go."""
    messages, data, _ = trained(tmp_path, gradient_clip_val=0.01)
    events = of_type(messages, GradientStats)
    assert [event.step for event in events] == [1, 5, 9]

    model = Network()  # as it was before its first step: same seed
    x, y = data.x[:16], data.y[:16]
    loss = model.loss(model(x), y)
    names, parameters = zip(*model.named_parameters(), strict=True)
    gradients = dict(zip(names, torch.autograd.grad(loss, parameters), strict=True))
    total = torch.cat([g.flatten() for g in gradients.values()]).norm()
    groups = {
        layer: float(torch.cat([g.flatten() for name, g in gradients.items() if name.startswith(layer)]).norm())
        for layer in ("first", "second")
    }
    assert total > 0.01
    assert events[0].total_norm == pytest.approx(float(total), rel=1e-6)
    assert events[0].layer_norms == pytest.approx(groups, rel=1e-6)
    assert known(events[0].max_norm) == max(events[0].layer_norms.values())  # type: ignore[type-var]
    assert known(events[0].min_norm) == min(events[0].layer_norms.values())  # type: ignore[type-var]
    assert events[0].nonfinite is False


def test_a_gradient_over_accumulated_batches_is_their_mean(tmp_path: Path) -> None:
    messages, data, _ = trained(tmp_path, accumulate_grad_batches=2)
    model = Network()
    halves = [(data.x[:16], data.y[:16]), (data.x[16:32], data.y[16:32])]
    loss = sum((model.loss(model(x), y) for x, y in halves), torch.tensor(0.0)) / 2
    gradients = torch.autograd.grad(loss, list(model.parameters()))
    total = float(torch.cat([g.flatten() for g in gradients]).norm())
    assert of_type(messages, GradientStats)[0].total_norm == pytest.approx(total, rel=1e-6)
