"""Folders of one test's own, and examinations without a process of their own (`test_examiner` has real ones)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from experiments.datasets import check_thread
from experiments.training.contract.check_reports import Report, Task
from experiments.training.data.inspection.check import check_data_set


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
