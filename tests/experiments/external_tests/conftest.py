"""A run whose model was trained once, and an external test of it that was carried out once."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from experiments.models import ExternalTest
from runs.models import Run
from tests.experiments.external_tests.stored import Evaluated, add_test, evaluated_elsewhere, stored_run
from tests.experiments.training.external_testing.hospitals import hospital, rows
from tests.experiments.training.prediction.trained import Trained


@pytest.fixture(scope="package")
def model(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return hospital(tmp_path_factory.mktemp("trained"))


@pytest.fixture(scope="package")
def evaluated(model: Trained, tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    return evaluated_elsewhere(model, tmp_path_factory.mktemp("there"))


@pytest.fixture
def run(model: Trained, user: User) -> Run:
    return stored_run(model, user)


@pytest.fixture
def test(run: Run, user: User, evaluated: Evaluated) -> ExternalTest:
    return add_test(run, user, evaluated)


@pytest.fixture
def elsewhere(tmp_path: Path, settings: Settings) -> Path:
    """Lay a table of another hospital into a data root."""
    settings.LIVETRAIN_DATA_ROOTS = [tmp_path / "data"]
    path = tmp_path / "data" / "there.csv"
    path.parent.mkdir()
    path.write_text(rows(2, 60, positives=0.5, first=1000, shift=0.8), encoding="utf-8")
    return path
