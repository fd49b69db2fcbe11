"""Children that open files from outside know nothing that is worth telling, and leave the machine to others."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from experiments.datasets.check_process import CheckProcess
from experiments.processes import isolated_process
from experiments.training.contract.check_reports import Task
from experiments.training.data.inspection import isolation

SECRETS = {
    "DATABASE_URL": "postgres://livetrain:secret@db/livetrain",
    "REDIS_URL": "redis://:secret@redis",
    "BROKER_URL": "amqp://livetrain:secret@rabbit",
    "LIVETRAIN_SECRET_KEY": "secret",
    "LIVETRAIN_METRICS_TOKEN": "secret" * 3,
    "LIVETRAIN_FILES": "s3://bucket",
    "AWS_ACCESS_KEY_ID": "secret",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_SESSION_TOKEN": "secret",
    "AWS_ENDPOINT_URL_S3": "http://secret",
    "HF_TOKEN": "secret",
    "SOMETHING_NEW_TOKEN": "secret",
}
TELLS = "tests.experiments.recipes.tells_isolation"
STUCK = "tests.experiments.recipes.never_answers"
SLOW = "tests.experiments.recipes.examines_slowly"


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


def test_a_child_is_cut_off_and_bounded() -> None:
    found = json.loads(isolated_process.answer(TELLS, b"", seconds=60) or b"")
    assert not SECRETS.keys() & set(found["names"])
    assert found["nice"] == min(19, os.nice(0) + isolation.NICENESS)
    assert found["limits"] == [2**32, 2**31, 7]
    assert found["leads"]


def test_the_examination_of_a_data_set_is_such_a_child(tmp_path: Path) -> None:
    with CheckProcess(Task(path=str(tmp_path), roots=[str(tmp_path)]), module=SLOW) as process:
        names = set(psutil.Process(process._process.pid).environ())
    assert names <= isolated_process.environment().keys()
    assert not names & SECRETS.keys()


def test_one_that_dies_has_no_answer() -> None:
    assert isolated_process.answer("tests.experiments.recipes.no_such_module", b"", seconds=60) is None


def test_one_that_takes_too_long_is_ended() -> None:
    with pytest.raises(TimeoutError):
        isolated_process.answer(STUCK, b"", seconds=1.5)
    assert not [child for child in psutil.Process().children() if STUCK in child.cmdline()]


def test_nothing_else_of_the_data_sets_starts_processes() -> None:
    """Whatever is to open files from outside next is started in the same way."""
    folder = settings.BASE_DIR / "experiments" / "datasets"
    imported = {
        alias.name
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert not imported & {"subprocess", "multiprocessing"}
