"""Run a training in real processes, as many as it has ranks, and return its messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from experiments.processes.training_process import TrainingProcess
from experiments.training.contract.reports import Job, Message
from experiments.training.recipes.process_entry import RECIPE
from tests.experiments.training.trainings import job_of


def job_on(run_dir: Path, devices: int, **config: Any) -> Job:
    """Make a job like `job_of` for a training on that many processes of the CPU."""
    trainer = {"accelerator": "cpu", "devices": devices, **config.pop("trainer", {})}
    return msgspec.structs.replace(job_of(run_dir, trainer=trainer, **config), ranks=devices)


def in_processes(
    job: Job,
    *,
    recipe: str = RECIPE,
    observe: Callable[[TrainingProcess, Message], object] = lambda process, message: None,
) -> tuple[list[Message], int | None]:
    """Run the job and return all messages and the exit code; `observe` is called with each message."""
    process = TrainingProcess(job, recipe)
    messages: list[Message] = []
    try:
        for batch in process.batches(0.25):
            for message, _, _ in batch or []:
                messages.append(message)
                observe(process, message)
    finally:
        code = process.close()
    return messages, code
