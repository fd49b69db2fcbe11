"""The mechanism alone: messages in order and whole, and words for every exit."""

from __future__ import annotations

from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import cast

import psutil
import pytest

from experiments.processes import rank_process
from experiments.processes.rank_process import ProtocolError, decode_batch
from experiments.processes.training_process import TrainingProcess, describe_exit
from experiments.training.contract.reports import Job, Outcome
from runs.events import LrUpdate
from tests.experiments.training.trainings import job_of, outcome
from tests.waiting import eventually


def job(tmp_path: Path) -> Job:
    return Job(run_id=1, attempt=1, config={}, run_dir=str(tmp_path), datasets_dir=str(tmp_path), data_roots=[])


def test_messages_arrive_in_order_and_the_last_is_the_outcome(tmp_path: Path, warm: None) -> None:
    process = TrainingProcess(job(tmp_path), recipe="tests.experiments.recipes.completes")
    received = [item for batch in process.batches(5.0) if batch for item in batch]
    assert process.close() == 0
    assert [type(message).__name__ for message, _, _ in received][:3] == ["TrainingStart", "EpochEnd", "EpochEnd"]
    assert received[-1][0] == Outcome(status="completed", reason=None)
    moments = [moment for _, moment, _ in received]
    assert moments == sorted(moments)


class Unanswered:
    """A process that a dying fork server is asked for."""

    def __init__(self, times: int) -> None:
        self.left = times

    def start(self) -> None:
        self.left -= 1
        if self.left >= 0:
            raise EOFError("unexpected EOF")


def test_a_fork_server_that_is_dying_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rank_process, "START_SECONDS", 0.0)
    process = Unanswered(times=2)
    rank_process.start(cast(BaseProcess, process))
    assert process.left == -1  # the third time it was answered
    with pytest.raises(EOFError):
        rank_process.start(cast(BaseProcess, Unanswered(times=3)))


def test_what_waits_is_read_at_once(tmp_path: Path, warm: None) -> None:
    """So that a store that was slow for a while catches up in one transaction."""
    process = TrainingProcess(job(tmp_path), recipe="tests.experiments.recipes.says_slowly")
    eventually((tmp_path / "said").exists)
    first = next(process.batches(10.0))
    process.kill()
    process.close()
    assert first is not None
    steps = [message.step for message, _, _ in first if isinstance(message, LrUpdate)]
    assert steps == list(range(len(steps)))
    assert len(steps) > 1


def test_a_heartbeat_comes_while_nothing_happens(tmp_path: Path, warm: None) -> None:
    process = TrainingProcess(job(tmp_path), recipe="tests.experiments.recipes.stubborn")
    batches = process.batches(10.0)
    assert next(batches)  # its first word
    assert next(batches) == []
    process.kill()
    assert process.close() == -9


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b'[["run_status"]]',
        b'[["no_such_event","t",{}]]',
        b'[["progress","t",{"epoch":"x"}]]',
        b'[["outcome","t",{}]]',
    ],
)
def test_anything_outside_the_contract_is_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_batch(raw)


@pytest.mark.parametrize(
    ("code", "words"),
    [(-9, "SIGKILL"), (-11, "SIGSEGV"), (0, "exit code 0"), (3, "exit code 3"), (70, "supervisor"), (None, "unknown")],
)
def test_every_exit_has_words(code: int | None, words: str) -> None:
    assert words in describe_exit(code)


@pytest.mark.parametrize("code", [-9, -11, -15, 0, 3, 70, None])
def test_every_exit_has_a_cure_or_says_where_to_look(code: int | None) -> None:
    said = describe_exit(code)
    assert any(words in said for words in ("lower data.batch_size", "train.log", "Resume it")), said


def test_a_training_may_end_while_it_is_being_ended(
    tmp_path: Path, warm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system knows that a process is gone a moment before its parent is told."""
    process = TrainingProcess(job(tmp_path), recipe="tests.experiments.recipes.stubborn")
    assert next(process.batches(10.0))
    process.kill()
    eventually(lambda: not psutil.pid_exists(process.pid))
    with monkeypatch.context() as untold:
        untold.setattr(process._ranks[0]._process, "is_alive", lambda: True)
        process.kill()
    assert process.close() == -9


@pytest.mark.parametrize("log", ["full", "impossible"])
def test_a_full_disk_is_told_even_if_the_log_cannot_take_it(tmp_path: Path, warm: None, log: str) -> None:
    path = tmp_path / "7" / "train.log"
    path.parent.mkdir()
    if log == "full":
        path.symlink_to("/dev/full")
    else:
        path.mkdir()
    asked = job_of(path.parent, trainer={"max_epochs": 2}, data={"batch_size": 256})
    process = TrainingProcess(asked, recipe="tests.experiments.recipes.fills_the_disk")
    received = [message for batch in process.batches(5.0) for message, _, _ in batch or ()]
    assert process.close() == 0
    assert outcome(received).status == "failed"
    assert "disk is full" in str(outcome(received).reason)


def test_a_training_collects_garbage_but_not_among_what_the_fork_server_loaded(tmp_path: Path, warm: None) -> None:
    process = TrainingProcess(job(tmp_path), recipe="tests.experiments.recipes.tells_garbage")
    received = [item for batch in process.batches(5.0) if batch for item in batch]
    process.close()
    outcome = received[-1][0]
    assert isinstance(outcome, Outcome)
    collects, frozen = str(outcome.reason).split()
    assert collects == "True"
    assert int(frozen) > 100_000  # torch and lightning
