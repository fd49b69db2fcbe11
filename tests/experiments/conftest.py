"""A user's valid request, and runs of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from django.contrib.auth.models import User
from pytest_django.fixtures import Settings

from experiments import launch
from experiments.processes import training_process
from experiments.supervision import run_start
from experiments.training.contract.config import TrainingConfig
from runs.models import Run


@pytest.fixture
def config() -> TrainingConfig:
    """Return a request on built-in data."""
    return TrainingConfig(experiment_name="test", source_path="builtin:breast-cancer")


@pytest.fixture
def queued(transactional_db: None, config: TrainingConfig) -> Run:
    """Create a queued run, committed: other threads see it."""
    owner, _ = User.objects.get_or_create(username="grace")
    [run] = launch.create(config, owner)
    return run


@pytest.fixture(scope="session")
def warm() -> None:
    """Load the fork server once: that takes seconds."""
    training_process.warm_up()


@pytest.fixture
def recipe(warm: None, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Callable[[str], None]:
    """Choose what the training process runs in place of the real recipe: a module of `tests.experiments.recipes`."""
    settings.GRACE_SECONDS = 1.0

    def choose(name: str) -> None:
        module = f"tests.experiments.recipes.{name}"
        monkeypatch.setattr(run_start, "TrainingProcess", partial(training_process.TrainingProcess, recipe=module))

    return choose
