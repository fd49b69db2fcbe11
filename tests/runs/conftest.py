"""Rows as the recorder leaves them, made directly: reading is tested without a training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from runs.events import Event, encode, utc_now
from runs.models import FinalResult, Run, RunEvent, RunMetric

CONFIG = {
    "experiment_name": "digits",
    "source_path": "builtin:digits-is-8",
    "trainer": {"max_epochs": 10},
    "callbacks": {"monitor": "val_auroc", "mode": "max"},
    "seed": 42,
}
MakeRun = Callable[..., Run]


@pytest.fixture
def admin(db: None) -> Client:
    """Make a client logged in as a superuser."""
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def make_run(user: User) -> MakeRun:
    """Return `make_run(status=…, …)`, which makes a run of `user` with these columns."""

    def make(**columns: Any) -> Run:
        defaults: dict[str, Any] = {
            "owner": user,
            "experiment_name": "digits",
            "source_path": "builtin:digits-is-8",
            "config": CONFIG,
            "seed": 42,
            "max_epochs": 10,
            "monitor": "val_auroc",
        }
        return Run.objects.create(**defaults | columns)

    return make


def completed_columns() -> dict[str, Any]:
    """Return the columns of a run that ended well, with a binary test split of 100 samples."""
    start = timezone.now() - timedelta(seconds=90)
    return {
        "status": "completed",
        "start_time": start,
        "end_time": start + timedelta(seconds=75.5),
        "duration_seconds": 75.5,
        "attempt": 1,
        "progress": 1.0,
        "current_epoch": 9,
        "total_epochs": 10,
        "best_epoch": 7,
        "best_value": 0.97,
        "best_val_recall": 0.9,
        "best_val_recall_epoch": 3,
        "best_val_loss": 0.12,
        "best_val_loss_epoch": 8,
        "best_checkpoint": "checkpoints/a1/best.ckpt",
        "last_checkpoint": "checkpoints/a1/last.ckpt",
        "last_checkpoint_epoch": 9,
        "last_checkpoint_step": 27,
        "final_split": "test",
        "cm_tp": 8,
        "cm_tn": 85,
        "cm_fp": 5,
        "cm_fn": 2,
        "final_precision": 8 / 13,
        "final_recall": 0.8,
        "final_f1": 16 / 23,
        "final_auroc": 0.95,
        "dataset": {
            "name": "digits-is-8",
            "classes": ["not 8", "8"],
            "sizes": {"train": 1000, "val": 200, "test": 100},
        },
        "model": {"name": "cnn", "parameters": 12345, "trainable": 12345},
        "versions": {"python": "3.11.7", "torch": "2.13.0"},
    }


def add_events(run: Run, events: Iterable[Event]) -> None:
    """Store these events in the journal, numbered as the recorder does."""
    for event in events:
        run.last_seq += 1
        RunEvent.objects.create(
            run=run,
            seq=run.last_seq,
            attempt=run.attempt,
            type=event.type,
            timestamp=utc_now(),
            data=encode(event).decode(),
        )
    run.save(update_fields=["last_seq"])


def add_epoch(run: Run, epoch: int, values: Mapping[str, float | None]) -> None:
    """Add the metric rows of one epoch; the split follows from the name."""
    for name, value in values.items():
        split = "val" if name.startswith("val_") else "train"
        RunMetric.objects.create(run=run, epoch=epoch, metric_name=name, value=value, dataset_type=split)


def add_final(run: Run, split: str, statistics: Mapping[str, float | None], **columns: Any) -> FinalResult:
    """Add the evaluation of the best checkpoint, and its metric rows."""
    defaults: dict[str, Any] = {
        "epoch": 7,
        "threshold": 0.5,
        "class_names": ["not 8", "8"],
        "confusion_matrix": [[85, 5], [2, 8]],
    }
    for key, value in statistics.items():
        name, _, class_name = key.partition("/")
        RunMetric.objects.create(
            run=run, epoch=7, metric_name=name, value=value, dataset_type=split, context="final", class_name=class_name
        )
    return FinalResult.objects.create(run=run, split=split, statistics=dict(statistics), **defaults | columns)
