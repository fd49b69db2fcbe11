"""What a script that calls `manage.py train` or `join` learns from the exit code."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from experiments.processes import training_process
from experiments.supervision import secondary_node, supervisor
from experiments.supervision.secondary_node import Part
from runs import lifecycle
from runs.models import Run
from tests.experiments.supervision.test_supervisor import Recipe
from tests.installation import Installation
from tests.prepared_home import prepared
from tests.waiting import eventually

REQUEST = {"experiment_name": "here", "source_path": "builtin:breast-cancer"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(REQUEST | {"trainer": {"max_epochs": 10_000}, "callbacks": {"early_stopping": False}}))
    return path


@contextmanager
def started(installation: Installation, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with (installation.home.parent / "out.log").open("wb") as log:
        command = subprocess.Popen(
            installation.command(*arguments), env=installation.environment, stdout=log, stderr=log
        )
        try:
            yield command
        finally:
            command.kill()
            command.wait()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_training_that_a_signal_stops(tmp_path: Path, config: Path, number: signal.Signals, code: int) -> None:
    installation = prepared(tmp_path / "home")
    log = installation.home / "runs/1/train.log"
    with started(installation, "train", str(config)) as command:
        eventually(lambda: log.is_file() or command.poll() is not None, within=90)
        command.send_signal(number)
        assert command.wait(60) == code, (tmp_path / "out.log").read_text()
    assert "Run 1 is in the queue" in (tmp_path / "out.log").read_text()


@pytest.mark.parametrize(
    ("recipe_name", "reason"),
    [("crashes", "(?s)killed by SIGSEGV.*Attempt 1: "), ("raises", "ValueError: of the user's own code")],
)
def test_a_failed_training(
    transactional_db: None, tmp_path: Path, recipe: Recipe, recipe_name: str, reason: str
) -> None:
    """One that crashed is tried again here: there may be no worker."""
    recipe(recipe_name)
    (tmp_path / "c.json").write_text(json.dumps(REQUEST))
    assert code_of(str(tmp_path / "c.json"), reason) == 1
    assert Run.objects.get().status == "failed"


def test_a_training_that_somebody_cancels(
    transactional_db: None, tmp_path: Path, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out = supervisor.carry_out

    def cancelled(run: Run, **options: object) -> None:
        lifecycle.cancel(run.pk, "No, said ada.")
        carry_out(run, **options)  # type: ignore[arg-type]

    recipe("obedient")
    monkeypatch.setattr(supervisor, "carry_out", cancelled)
    (tmp_path / "c.json").write_text(json.dumps(REQUEST))
    assert code_of(str(tmp_path / "c.json"), r"Run \d+ cancelled: No, said ada\.") == 1


def test_a_training_that_another_worker_has_taken_over(
    transactional_db: None, tmp_path: Path, warm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(run: Run, **_: object) -> None:
        Run.objects.filter(pk=run.pk).update(attempt=2, worker="another machine")

    monkeypatch.setattr(supervisor, "carry_out", taken)
    (tmp_path / "c.json").write_text(json.dumps(REQUEST))
    assert code_of(str(tmp_path / "c.json"), r"Run \d+ was taken by another machine\.") == 1


def test_folds_of_which_one_did_not_complete(
    transactional_db: None, tmp_path: Path, warm: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def carried_out(run: Run, **_: object) -> None:
        lifecycle.end(run.pk, run.attempt, "failed" if run.fold == 2 else "completed", f"End of {run.fold}.")

    monkeypatch.setattr(supervisor, "carry_out", carried_out)
    (tmp_path / "c.json").write_text(json.dumps(REQUEST | {"data": {"folds": 3}}))
    assert code_of(str(tmp_path / "c.json"), r"^Run \d+ failed: End of 2\.$") == 1


def code_of(config: str, message: str) -> int:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with pytest.raises(CommandError) as failure:
            call_command("train", config)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert re.search(message, str(failure.value)), str(failure.value)
    return failure.value.returncode


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("completed", "number", "code"),
    [(True, None, None), (True, signal.SIGTERM, None), (False, None, 1), (False, signal.SIGTERM, 143)],
)
def test_a_further_machine(
    monkeypatch: pytest.MonkeyPatch, completed: bool, number: signal.Signals | None, code: int | None
) -> None:
    def joined(*_: object, **__: object) -> Part:
        if number:
            signal.raise_signal(number)
        return Part("It is over.", completed)

    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(secondary_node, "join", joined)
    monkeypatch.setattr(training_process, "warm_up", lambda: None)
    try:
        if code is None:
            call_command("join", "1", "--node", "1")
            return
        with pytest.raises(CommandError, match="It is over") as failure:
            call_command("join", "1", "--node", "1")
    finally:
        for each, handler in handlers.items():
            signal.signal(each, handler)
    assert failure.value.returncode == code
