"""A training process that is killed: what its short epochs cost, and what is done again."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from experiments.processes.training_process import TrainingProcess
from experiments.training.contract.reports import CheckpointSaved, Message
from runs.events import EpochEnd
from tests.experiments.training.several import in_processes
from tests.experiments.training.trainings import carry_out, job_of, metrics_by_epoch, of_type

LAST = 40
CONFIG: dict[str, Any] = {"trainer": {"max_epochs": 10_000}, "callbacks": {"early_stopping": False}}


def test_a_kill_costs_the_last_short_epochs_and_they_are_done_again_alike(tmp_path: Path, warm: None) -> None:
    def kill_in_time(process: TrainingProcess, message: Message) -> None:
        if isinstance(message, EpochEnd) and message.epoch == LAST:
            process.kill()

    first, code = in_processes(job_of(tmp_path / "7", **CONFIG), observe=kill_in_time)
    assert code == -signal.SIGKILL
    saved = of_type(first, CheckpointSaved)
    assert len(saved) < LAST, "short epochs are not all written"
    known = saved[-1]
    assert (tmp_path / "7" / str(known.best)).is_file()

    again = job_of(tmp_path / "7", attempt=2, resume=(tmp_path / "7" / known.last, known.epoch), **CONFIG)
    second = carry_out(again, stop_at=lambda message: isinstance(message, EpochEnd) and message.epoch > LAST)
    before, after = metrics_by_epoch(first, "val"), metrics_by_epoch(second, "val")
    assert min(after) == known.epoch + 1
    repeated = before.keys() & after.keys()
    assert {epoch: before[epoch] for epoch in repeated} == {epoch: after[epoch] for epoch in repeated}
