"""Folders of one test's own, examinations in this process (`test_examiner` has real ones), and quick children."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from experiments.api import run_samples
from experiments.datasets import check_thread
from experiments.processes import isolated_process
from experiments.processes.prepared_child import PreparedChild
from experiments.training.contract.check_reports import Report, Task
from experiments.training.data.inspection.check import check_data_set
from tests.experiments.datasets import loaded_interpreter


class Here:
    """The same examination, in this process: a second less for each."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_raised: object) -> None:
        """Do nothing: there is nothing to end."""

    def reports(self, _tick: float) -> Iterator[Report | None]:
        told: list[Report] = []
        check_data_set(self._task, told.append)
        yield from told


@pytest.fixture(autouse=True)
def examined_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_thread, "CheckProcess", Here)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Settings) -> Path:
    """Create the one data root; uploads lie beside it."""
    settings.DATASETS_ROOT = tmp_path / "datasets"
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path / "data"]
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture(scope="session")
def loaded() -> Iterator[str]:
    """Start the interpreter that is copied for each child that draws samples; return its address."""
    with loaded_interpreter.serving() as address:
        yield address


@pytest.fixture(autouse=True)
def quick_children(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start children that draw samples as copies of one interpreter, unless the test asks for `new_interpreters`."""
    if "new_interpreters" in request.fixturenames or not hasattr(os, "pidfd_open"):  # Linux has this
        return
    first = isolated_process._started

    def started(
        module: str, arguments: Sequence[str], *, stdin: int, stdout: int, temporary: str | None = None
    ) -> subprocess.Popen[bytes]:
        if module not in loaded_interpreter.MODULES:
            return first(module, arguments, stdin=stdin, stdout=stdout, temporary=temporary)
        address = request.getfixturevalue("loaded")
        return loaded_interpreter.started(address, module, stdin=stdin, stdout=stdout)

    monkeypatch.setattr(isolated_process, "_started", started)


@pytest.fixture
def new_interpreters(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Start each child that draws samples as the server does; end the one that waits for the next task."""
    child = PreparedChild(run_samples._child._module)
    monkeypatch.setattr(run_samples, "_child", child)
    yield
    if child._ready is not None:
        child._ready.kill()
