"""A small training told event by event, through the real lifecycle and recorder; numbers are made up, but plain."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User

from experiments import launch
from experiments.training.contract.config import TrainingConfig
from runs import lifecycle, recorder
from runs.events import (
    BatchMetrics,
    DatasetSummary,
    EarlyStopped,
    EpochEnd,
    Event,
    FinalStats,
    GpuUsage,
    GradientStats,
    LrUpdate,
    ModelSummary,
    Progress,
    ResourceUsage,
    TrainingStart,
    utc_now,
)
from runs.models import Run

STEPS = 20
"""Batches of one epoch."""


def submit(owner: User, name: str = "Is it an eight?", max_epochs: int = 6) -> Run:
    """Create a queued run."""
    config = TrainingConfig.model_validate(
        {"experiment_name": name, "source_path": "builtin:digits-is-8", "trainer": {"max_epochs": max_epochs}}
    )
    run = lifecycle.create(owner, config.model_dump(mode="json"), versions={"torch": "2.13.0"})
    return Run.objects.get(pk=run.pk)


def submit_folds(owner: User, folds: int, name: str = "Is it an eight?", max_epochs: int = 6) -> list[Run]:
    """Create the queued runs of a cross-validation."""
    config = TrainingConfig.model_validate(
        {
            "experiment_name": name,
            "source_path": "builtin:digits-is-8",
            "data": {"folds": folds},
            "trainer": {"max_epochs": max_epochs},
        }
    )
    return launch.create(config, owner)


def start(run: Run, *, resumed_from_epoch: int | None = None) -> Run:
    """Let a worker claim the run and start its training."""
    taken = lifecycle.claim(run.pk, "tester")
    assert taken is not None
    tell(taken, [training_start(taken, resumed_from_epoch)])
    return taken


def tell(run: Run, events: Iterable[Event], **options: Any) -> int:
    """Store the events as a supervisor does, and return the last one's number."""
    recorder.record(run.pk, run.attempt, [recorder.stamp(event) for event in events], **options)
    return last_seq(run)


def train(run: Run, number: int) -> int:
    """Store one more epoch, the best so far, and return the last event's number."""
    loss, auroc = 1 / (number + 1), 1 - 0.5 / (number + 1)
    columns = {
        "total_epochs": number + 1,
        "best_epoch": number,
        "best_value": auroc,
        "best_val_loss": loss,
        "best_val_loss_epoch": number,
        "best_val_recall": 0.75,
        "best_val_recall_epoch": 0,
    }
    return tell(run, epoch(number, loss=loss, auroc=auroc), columns=columns)


def end(run: Run, status: str = "completed", reason: str | None = None) -> int:
    lifecycle.end(run.pk, run.attempt, status, reason)  # type: ignore[arg-type]  # one of the three ends
    return last_seq(run)


def last_seq(run: Run) -> int:
    return Run.objects.values_list("last_seq", flat=True).get(pk=run.pk)


def training_start(run: Run, resumed_from_epoch: int | None = None) -> TrainingStart:
    return TrainingStart(
        run_id=run.pk,
        experiment_name=run.experiment_name,
        max_epochs=run.max_epochs,
        training_mode="centralized",
        resumed_from_epoch=resumed_from_epoch,
        total_steps=run.max_epochs * STEPS,
        dataset=DatasetSummary(name="digits-is-8", classes=["not 8", "8"], sizes={"train": 1437, "val": 360}),
        model=ModelSummary(name="cnn", parameters=23793, trainable=23793),
    )


def epoch(number: int, *, loss: float | None, auroc: float | None) -> list[Event]:
    """Return all events of one epoch."""
    return [*inside_epoch(number, loss), *epoch_ends(number, loss, auroc)]


def inside_epoch(number: int, loss: float | None) -> list[Event]:
    first = number * STEPS
    half, last = first + STEPS // 2, first + STEPS
    norms = {"features": loss, "head": 0.5}
    return [
        LrUpdate(epoch=number, step=first, learning_rate=0.001 / (number + 1)),
        batch(number, half, loss),
        GradientStats(
            step=half,
            epoch=number,
            total_norm=loss,
            layer_norms=norms,
            max_norm=loss,
            min_norm=0.5,
            nonfinite=loss is None,
        ),
        progress(number, half),
        batch(number, last, loss),
    ]


def batch(number: int, step: int, loss: float | None) -> BatchMetrics:
    """Return a batch without positives: recall and F1 are unknown."""
    return BatchMetrics(
        step=step, batch_idx=step - number * STEPS - 1, epoch=number, loss=loss, accuracy=0.75, recall=None, f1=None
    )


def progress(number: int, step: int) -> Progress:
    return Progress(
        epoch=number,
        batch_idx=step - number * STEPS - 1,
        batches=STEPS,
        step=step,
        total_steps=6 * STEPS,
        samples_per_second=1234.4,
        eta_seconds=75.0,
    )


def usage() -> ResourceUsage:
    """Return a usage of one and a half of two cores, 1.5 of 8 GiB, and one GPU."""
    gib = 1024**3
    gpu = GpuUsage(id="GPU-1", name="H100", utilisation=0.4, memory_used=2 * gib, memory_total=80 * gib, temperature=51)
    return ResourceUsage(
        cpu_cores=1.5,
        machine_cpu_cores=1.8,
        machine_cores=2,
        processes=3,
        memory_rss=2 * gib,
        memory_pss=3 * gib // 2,
        machine_memory_used=3 * gib,
        machine_memory_total=8 * gib,
        disk_free=50 * gib,
        disk_total=100 * gib,
        gpus=[gpu],
    )


def epoch_ends(number: int, loss: float | None, auroc: float | None) -> list[Event]:
    train = {"train_loss": loss, "train_acc": 0.9, "train_f1": 0.8, "train_recall": 0.85}
    val = {
        "val_loss": loss,
        "val_acc": 0.9,
        "val_precision": None,
        "val_recall": 0.75,
        "val_f1": 0.7,
        "val_auroc": auroc,
    }
    counts: dict[str, float | None] = {"val_cm_tp": 27.0, "val_cm_tn": 300.0, "val_cm_fp": 24.0, "val_cm_fn": 9.0}
    return [
        EpochEnd(epoch=number, phase="train", metrics=train, timestamp=utc_now()),
        EpochEnd(epoch=number, phase="val", metrics=val | counts, timestamp=utc_now()),
    ]


def early_stop(number: int) -> EarlyStopped:
    return EarlyStopped(epoch=number, best_metric_value=0.9, patience=3, monitor="val_auroc", reason="Nothing better.")


def final(number: int) -> FinalStats:
    """Return final results: 27 of 36 eights found, 24 of 324 others taken for eights; Wilson intervals by hand."""
    return FinalStats(
        split="val",
        epoch=number,
        threshold=0.5,
        confusion_matrix=[[300, 24], [9, 27]],
        class_names=["not 8", "8"],
        statistics={
            "cm_tp": 27.0,
            "cm_tn": 300.0,
            "cm_fp": 24.0,
            "cm_fn": 9.0,
            "final_precision_cm": 27 / 51,
            "final_recall_cm": 0.75,
            "final_sensitivity": 0.75,
            "final_sensitivity_ci_low": 0.5891,
            "final_sensitivity_ci_high": 0.8625,
            "final_f1_cm": None,
            "final_auroc_cm": 0.9312,
        },
    )
