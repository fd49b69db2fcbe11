"""A process that is followed is gone afterwards, and its end is told apart."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from experiments.processes import followed_process
from experiments.processes.followed_process import End, FollowedProcess
from experiments.processes.training_process import ProtocolError, TrainingProcess
from experiments.training.contract.reports import Job, Outcome


def started(folder: Path, recipe: str) -> TrainingProcess:
    job = Job(run_id=7, attempt=1, config={}, run_dir=str(folder), datasets_dir="", data_roots=[])
    return TrainingProcess(job, recipe=f"tests.experiments.recipes.{recipe}")


def ended(process: TrainingProcess, leaving: threading.Event | None = None) -> End:
    with FollowedProcess(process, leaving) as followed:
        for _ in followed.batches():
            pass
    return followed.end


def test_the_last_word_is_kept(warm: None, tmp_path: Path) -> None:
    process = started(tmp_path, "obedient")
    process.request_stop()
    assert ended(process) == End(
        Outcome(status="interrupted", reason=None),
        "The training process ended with exit code 0 and without a result. Its last words are in train.log.",
        code=0,
    )


def test_a_process_that_freezes_is_killed(warm: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed_process, "SILENCE_SECONDS", 2.5)  # its heartbeat comes each second
    process = started(tmp_path, "obedient")
    os.kill(process.pid, signal.SIGSTOP)
    end = ended(process)
    assert (end.outcome, end.silence) == (None, 2.5)


def test_a_process_that_stood_still_together_with_its_follower_is_not_frozen(warm: None, tmp_path: Path) -> None:
    """As in a container that was paused: both go on, and the process may need a moment for its first heartbeat."""
    paused = 0.0
    process = started(tmp_path, "obedient")
    with FollowedProcess(process, clock=lambda: time.monotonic() + paused) as followed:
        os.kill(process.pid, signal.SIGSTOP)
        for look, _ in enumerate(followed.batches()):
            if look == 2:
                paused = 3600.0
            elif look == 5:
                os.kill(process.pid, signal.SIGCONT)
                process.request_stop()
    assert followed.end.silence is None
    assert followed.end.outcome == Outcome(status="interrupted", reason=None)


def test_a_process_is_killed_when_its_follower_leaves(warm: None, tmp_path: Path) -> None:
    leaving = threading.Event()
    leaving.set()
    end = ended(started(tmp_path, "stubborn"), leaving)
    assert (end.outcome, end.silence) == (None, None)
    assert "SIGKILL" in end.exit


def test_what_breaks_the_contract_ends_the_process(warm: None, tmp_path: Path) -> None:
    process = started(tmp_path, "obedient")
    pid = process.pid
    with FollowedProcess(process) as followed:
        raise ProtocolError("babble")
    assert followed.end.violation == "babble"
    assert not psutil.pid_exists(pid)


def test_another_error_ends_the_process_and_goes_through(warm: None, tmp_path: Path) -> None:
    process = started(tmp_path, "obedient")
    pid = process.pid
    with pytest.raises(KeyError, match="mine"), FollowedProcess(process):
        raise KeyError("mine")
    assert not psutil.pid_exists(pid)
