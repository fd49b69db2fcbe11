"""A training in several processes ends as one, whichever of them ends first, and says why."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path

import psutil
import pytest
from django.contrib.auth.models import User

from experiments import launch
from experiments.processes import followed_process
from experiments.processes.training_process import TrainingProcess
from experiments.supervision import end_messages
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reports import CheckpointSaved, Message
from runs import lifecycle
from runs.events import FinalStats
from runs.models import FinalResult, Run, RunEvent, RunMetric
from tests.experiments.supervision.test_supervisor import Background, events_of
from tests.experiments.training.several import in_processes, job_on
from tests.experiments.training.trainings import metrics_by_epoch, of_type, outcome
from tests.waiting import eventually

LONG = {"max_epochs": 10_000, "devices": 2, "accelerator": "cpu"}


def queue(**trainer: object) -> Run:
    owner, _ = User.objects.get_or_create(username="grace")
    asked = {"experiment_name": "two", "source_path": "builtin:breast-cancer", "trainer": trainer}
    config = TrainingConfig.model_validate({**asked, "callbacks": {"early_stopping": False}})
    [run] = launch.create(config, owner)
    return run


def trainings() -> list[psutil.Process]:
    """Return processes of trainings: copies of the fork server that lead a session."""
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):  # gone meanwhile
            if "forkserver" in " ".join(child.cmdline()) and os.getsid(child.pid) == child.pid:
                found.append(child)
    return found


def rank(number: int) -> psutil.Process:
    """Return the rank of a process by the log that it writes."""
    name = f"train.rank{number}.log" if number else "train.log"
    [found] = [process for process in trainings() if Path(f"/proc/{process.pid}/fd/1").readlink().name == name]
    return found


def test_a_run_on_two_devices_is_stored_like_any_other(transactional_db: None, warm: None) -> None:
    run = queue(max_epochs=2, devices=2, accelerator="cpu")
    background = Background()
    background.wait()
    run.refresh_from_db()
    assert (run.status, run.reason) == ("completed", None)
    happened = events_of(run)  # numbered without a gap
    assert [happened.count(type_) for type_ in ("training_start", "epoch_end", "final_stats", "training_end")] == [
        1,
        4,
        1,
        1,
    ]
    assert RunMetric.objects.filter(run=run, context="epoch", metric_name="val_loss").count() == 2
    assert sum(map(sum, FinalResult.objects.get(run=run).confusion_matrix)) == 113
    assert not trainings()


@pytest.mark.parametrize("number", [0, 1])
def test_the_death_of_one_rank_ends_the_attempt_and_is_named(transactional_db: None, warm: None, number: int) -> None:
    run = queue(**LONG)
    background = Background()
    eventually(lambda: Run.objects.get(pk=run.pk).last_checkpoint)
    killed = time.monotonic()
    rank(number).send_signal(signal.SIGKILL)
    background.wait()
    assert time.monotonic() - killed < 10
    run.refresh_from_db()
    assert (run.status, run.crashes) == ("queued", 1)
    assert (run.reason or "").startswith(f"The training process of rank {number} was killed by SIGKILL")
    assert events_of(run)[-1] == "run_status"
    assert not trainings()


def test_a_frozen_rank_is_noticed(transactional_db: None, warm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed_process, "SILENCE_SECONDS", 5.0)
    run = queue(**LONG)
    background = Background()
    eventually(lambda: Run.objects.get(pk=run.pk).last_checkpoint)
    rank(1).send_signal(signal.SIGSTOP)
    background.wait()
    run.refresh_from_db()
    assert (run.status, run.reason) == ("failed", end_messages.FROZEN.format(5))
    assert not trainings()


def test_a_cancel_request_ends_all_ranks(transactional_db: None, warm: None) -> None:
    run = queue(**LONG)
    background = Background()
    eventually(lambda: Run.objects.get(pk=run.pk).last_checkpoint)
    assert lifecycle.cancel(run.pk, "Cancelled by grace.")
    started = time.monotonic()
    background.wait()
    assert time.monotonic() - started < 10
    assert Run.objects.get(pk=run.pk).status == "cancelled"
    assert "Traceback" not in (run.folder / "train.rank1.log").read_text()
    assert not trainings()


def test_a_stopped_server_puts_the_run_back_and_it_goes_on(transactional_db: None, warm: None) -> None:
    run = queue(**{**LONG, "max_epochs": 20})
    background = Background()
    eventually(lambda: Run.objects.get(pk=run.pk).last_checkpoint)
    background.draining.set()
    background.wait()
    run.refresh_from_db()
    assert run.status == "queued"
    reached = run.last_checkpoint_epoch
    Background().wait()
    run.refresh_from_db()
    assert (run.status, run.attempt) == ("completed", 2)
    epochs = RunMetric.objects.filter(run=run, context="epoch", metric_name="val_loss").order_by("epoch")
    assert [row.epoch for row in epochs] == list(range(20))
    starts = [
        json.loads(event.data) for event in RunEvent.objects.filter(run=run, type="training_start").order_by("seq")
    ]
    assert [start["resumed_from_epoch"] for start in starts] == [None, reached]


def test_sigterm_to_one_rank_stops_both(tmp_path: Path, warm: None) -> None:
    def terminate(_process: TrainingProcess, message: Message) -> None:
        if isinstance(message, CheckpointSaved) and message.epoch == 0:
            rank(1).send_signal(signal.SIGTERM)

    job = job_on(tmp_path / "7", 2, trainer={"max_epochs": 10_000}, callbacks={"early_stopping": False})
    messages, code = in_processes(job, observe=terminate)
    assert (outcome(messages).status, code) == ("interrupted", 0)
    assert not trainings()


def test_an_exception_in_one_rank_is_told_with_its_place(tmp_path: Path, warm: None) -> None:
    started = time.monotonic()
    messages, _ = in_processes(job_on(tmp_path / "7", 2), recipe="tests.experiments.recipes.stumbles")
    assert time.monotonic() - started < 15
    assert outcome(messages).status == "failed"
    assert outcome(messages).reason == "ValueError: boom (rank 1; see train.rank1.log)"
    assert "ValueError: boom" in (tmp_path / "7" / "train.rank1.log").read_text()


def test_a_full_disk_leaves_no_rank_waiting(tmp_path: Path, warm: None) -> None:
    started = time.monotonic()
    messages, _ = in_processes(job_on(tmp_path / "7", 2), recipe="tests.experiments.recipes.fills_the_disk")
    assert time.monotonic() - started < 15
    assert outcome(messages).status == "failed"
    assert "disk is full" in str(outcome(messages).reason)
    assert "rank" not in str(outcome(messages).reason)
    assert [saved.epoch for saved in of_type(messages, CheckpointSaved)] == [0]


def test_a_divergence_ends_all_ranks_with_the_same_word(tmp_path: Path, warm: None) -> None:
    job = job_on(tmp_path / "7", 2, optimizer={"learning_rate": 1e10, "name": "sgd"}, trainer={"max_epochs": 20})
    messages, code = in_processes(job)
    assert (outcome(messages).status, code) == ("failed", 0)
    last = max(metrics_by_epoch(messages, "val"))
    assert f"diverged: in epoch {last + 1}" in str(outcome(messages).reason)
    assert "rank" not in str(outcome(messages).reason)
    assert not of_type(messages, FinalStats)
