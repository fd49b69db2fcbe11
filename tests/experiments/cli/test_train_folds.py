"""`manage.py train` beside a server: what a worker took, what its project's quota allows, what is left when stopped."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.management.base import CommandError

from access.models import Project
from experiments import launch
from experiments.datasets.lookup import Place
from experiments.management.commands import train
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


class Waiting(threading.Event):
    """Stands for `tasks.draining`: what happens while the command waits."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()
        self._happens, self.waits = happens, 0

    def wait(self, timeout: float | None = None) -> bool:
        self.waits += 1
        self._happens()
        return self.is_set()


@pytest.fixture
def other(user: User) -> Run:
    """Let another run of the project train, as many as its quota allows."""
    [run] = launch.create(TrainingConfig(experiment_name="x", source_path="builtin:breast-cancer"), user)
    claimed = lifecycle.claim(run.pk, "another machine")
    assert claimed
    Project.objects.update(max_running=1)
    return claimed


def test_a_run_waits_until_its_project_has_room(other: Run, queued: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = Waiting(lambda: lifecycle.end(other.pk, other.attempt, "completed", None))
    monkeypatch.setattr(tasks, "draining", waiting)
    folds, printed = turns(queued[:1])
    assert (folds, waiting.waits) == ([1], 1)
    assert (
        f"Run {queued[0].pk} waits in the queue. The project Default trains 1 of the 1 runs at a time that its quota "
        "allows. One more starts when one of them has ended."
    ) in printed


@pytest.mark.usefixtures("other")
def test_a_run_that_is_cancelled_while_it_waits_is_waited_for_no_more(
    queued: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "draining", Waiting(lambda: lifecycle.cancel(queued[0].pk, "Cancelled.")))
    folds, printed = turns(queued[:1])
    assert folds == []
    assert printed.endswith(f"Run {queued[0].pk} (fold 1 of 3) left the queue.\n")


@pytest.mark.parametrize(("allowed", "claimed"), [(None, True), (2, True), (1, False)])
@pytest.mark.usefixtures("other")
def test_the_first_run_is_claimed_at_once_where_there_is_room(user: User, allowed: int | None, claimed: bool) -> None:
    Project.objects.update(max_running=allowed)
    config = TrainingConfig(experiment_name="x", source_path="builtin:breast-cancer")
    project = Project.objects.get()
    queued, first = train._queued(config, user, project, Place("builtin:breast-cancer", []))
    assert (first is not None) == claimed
    assert Run.objects.get(pk=queued[0].pk).status == ("in_progress" if claimed else "queued")


def test_a_quota_of_none_refuses_at_once(user: User) -> None:
    Project.objects.update(max_running=0)
    config = TrainingConfig(experiment_name="x", source_path="builtin:breast-cancer")
    with pytest.raises(CommandError, match="The quota of the project Default lets no run train"):
        train._queued(config, user, Project.objects.get(), Place("builtin:breast-cancer", []))
    assert not Run.objects.exists()
