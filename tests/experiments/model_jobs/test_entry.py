"""The recipe that all jobs have in common, in this process."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from experiments.training.contract.reports import Job, JobResult, Message, Outcome
from experiments.training.contract.stop import Stop
from experiments.training.recipes.model_jobs import entry


def told(folder: Path, monkeypatch: pytest.MonkeyPatch, result: Any) -> list[Message]:
    """Return what is reported of a task that returns, or raises, that."""

    def run(*_: Any) -> Any:
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setitem(sys.modules, "a_task", SimpleNamespace(run=run))
    monkeypatch.setattr("torch.set_num_threads", lambda _: None)
    said: list[Message] = []
    job = Job(run_id=1, attempt=1, config={}, run_dir=str(folder), datasets_dir="", data_roots=[], task="a_task")
    entry.train(job, said.append, Stop())
    return said


def test_files_of_the_result_are_listed_without_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inputs").mkdir()
    for name, text in (("b.csv", "x"), ("a.csv", ""), ("train.log", "=== attempt 1")):
        (tmp_path / name).write_text(text)
    (tmp_path / "link").symlink_to("/etc/hostname")
    found, outcome = told(tmp_path, monkeypatch, {"n": 1})
    assert isinstance(found, JobResult)
    assert found.result == {"n": 1}
    assert [(file.name, file.bytes) for file in found.files] == [("a.csv", 0), ("b.csv", 1)]
    assert found.files[0].sha256 == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert outcome == Outcome(status="completed", reason=None)


def test_what_is_too_long_for_a_row_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "MOST_BYTES", 10)
    [outcome] = told(tmp_path, monkeypatch, {"n": "x" * 10})
    assert isinstance(outcome, Outcome)
    assert outcome.status == "failed"
    assert "a_task has returned 18 bytes" in (outcome.reason or "")


def test_a_failure_is_an_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(tmp_path, monkeypatch, ValueError("no rows")) == [
        Outcome(status="failed", reason="ValueError: no rows")
    ]
