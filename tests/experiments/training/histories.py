"""A training's messages as evidence for hints, as the server would store and read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments.training.contract.reports import BestValues, Job, Message
from runs.events import GradientStats, Progress, TrainingStart
from runs.hints.evidence import Evidence
from tests.experiments.training.trainings import metrics_by_epoch, of_type


def evidence_of(job: Job, messages: Sequence[Message], status: str = "completed") -> Evidence:
    """Collect the evidence of all that the training reported; nothing about its machine."""
    start: Any = of_type(messages, TrainingStart)[0]
    train, val = metrics_by_epoch(messages, "train"), metrics_by_epoch(messages, "val")
    best, gradients, progress = (
        of_type(messages, BestValues),
        of_type(messages, GradientStats),
        of_type(messages, Progress),
    )
    return Evidence(
        status=status,
        max_epochs=start.max_epochs,
        config=job.config,
        classes=start.dataset.classes,
        sizes=start.dataset.sizes,
        history=[(epoch, train[epoch] | val[epoch]) for epoch in val],
        best_epoch=best[-1].best_epoch if best else None,
        first_gradients=gradients[:5],
        last_gradients=gradients[-60:],
        waits=[event.data_wait_share for event in progress if event.data_wait_share is not None],
        samples_per_second=progress[-1].samples_per_second if progress else None,
    )
