"""`manage.py train` with folds beside a server: what a worker took, and what is left when it is stopped."""

from __future__ import annotations

import io
import threading

import pytest
from django.contrib.auth.models import User

from experiments import launch
from experiments.management.commands.train import Command
from experiments.training.contract.config import TrainingConfig
from experiments.worker import tasks
from runs import lifecycle
from runs.models import Run


@pytest.fixture
def queued(user: User) -> list[Run]:
    """Queue three folds."""
    request = {"experiment_name": "x", "source_path": "builtin:breast-cancer", "data": {"folds": 3}}
    return launch.create(TrainingConfig.model_validate(request), user)


def turns(runs: list[Run]) -> tuple[list[int | None], str]:
    """Return the folds that the command takes, in its order, and what it prints."""
    printed = io.StringIO()
    command = Command(stdout=printed)
    return [run.fold for run in command._claimed(runs)], printed.getvalue()


def test_a_fold_that_a_worker_took_is_left_to_it(queued: list[Run]) -> None:
    assert lifecycle.claim(queued[1].pk, "another machine")
    folds, printed = turns(queued)
    assert folds == [1, 3]
    assert f"Run {queued[1].pk} (fold 2 of 3) was taken by a worker." in printed
    assert [run.worker for run in Run.objects.order_by("fold")] == ["command line", "another machine", "command line"]


def test_folds_whose_turn_did_not_come_stay_in_the_queue(queued: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = threading.Event()
    stopped.set()
    monkeypatch.setattr(tasks, "draining", stopped)
    folds, printed = turns(queued)
    assert folds == []
    assert printed.count("stays in the queue") == 3
    assert {run.status for run in Run.objects.all()} == {"queued"}
