"""Folders of one test's own, and data sets without a worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings


@pytest.fixture(autouse=True)
def root(tmp_path: Path, settings: Settings) -> Path:
    """The one data root; uploads lie beside it."""
    settings.DATASETS_ROOT = tmp_path / "datasets"
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path / "data"]
    (tmp_path / "data").mkdir()
    return tmp_path / "data"
