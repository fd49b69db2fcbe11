"""Users take turns: neither a slow report nor many reports of one user hold up another's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from experiments.models import Preflight
from experiments.periodic import stop_all
from experiments.preflights import requests, state, worker_thread
from experiments.processes import training_process
from experiments.training.contract.config import TrainingConfig
from tests.experiments.preflights.conftest import STUCK
from tests.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)
Ask = Callable[..., Preflight]


@pytest.fixture
def ask() -> Ask:
    """Asks for a report in the name of a user; a slow one never ends by itself."""

    def asked(name: str, *, slow: bool = False) -> Preflight:
        owner, _ = User.objects.get_or_create(username=name)
        config = TrainingConfig(experiment_name="slow" if slow else "quick", source_path="builtin:breast-cancer")
        return requests.request(config, owner)

    return asked


@pytest.fixture
def worker(warm: None, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Return what starts the threads of a worker process."""
    real, draining = training_process.TrainingProcess, threading.Event()

    def started(job: Any, recipe: str) -> training_process.TrainingProcess:
        return real(job, recipe=STUCK if job.config["experiment_name"] == "slow" else recipe)

    monkeypatch.setattr(worker_thread, "TrainingProcess", started)
    threads = worker_thread.preflight_threads(draining)

    def start() -> None:
        for thread in threads:
            thread.start()

    yield start
    draining.set()
    stop_all(threads)


def status(row: Preflight) -> str:
    return Preflight.objects.get(pk=row.pk).status


def statuses(rows: list[Preflight]) -> list[str]:
    return [status(row) for row in rows]


def test_a_slow_report_of_one_user_does_not_make_another_wait(ask: Ask, worker: Callable[[], None]) -> None:
    slow = ask("ada", slow=True)
    worker()
    eventually(lambda: Preflight.objects.get(pk=slow.pk).progress == "Comparing")
    quick = ask("grace")
    eventually(lambda: status(quick) == "done", within=60)
    assert status(slow) == "running"


def test_ten_reports_of_one_user_take_one_place(ask: Ask, worker: Callable[[], None]) -> None:
    many = [ask("ada", slow=True) for _ in range(10)]
    worker()
    eventually(lambda: Preflight.objects.get(pk=many[0].pk).progress == "Comparing")
    quick = [ask("grace"), ask("joan")]
    eventually(lambda: statuses(quick) == ["done", "done"], within=90)
    assert statuses(many) == ["running"] + ["queued"] * 9


def test_a_user_alone_has_all_reports_made_one_after_the_other(ask: Ask, worker: Callable[[], None]) -> None:
    mine = [ask("ada"), ask("ada")]
    worker()
    eventually(lambda: statuses(mine) == ["done", "done"], within=90)
    first, second = Preflight.objects.order_by("ended_at")
    assert [first.pk, second.pk] == [row.pk for row in mine]


def test_a_thread_whose_report_breaks_leaves_its_user_the_place(
    ask: Ask, worker: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, calls = ask("ada"), list[int]()

    def make(pk: int, *, draining: threading.Event) -> bool:
        calls.append(pk)
        if len(calls) == 1:
            raise RuntimeError("injected")
        return real(pk, draining=draining)

    real = worker_thread.make
    monkeypatch.setattr(worker_thread, "make", make)
    worker()
    eventually(lambda: status(mine) == "done", within=60)


def test_the_next_is_of_the_user_who_has_waited_longest(ask: Ask) -> None:
    asked = [ask(name) for name in ("ada", "ada", "ada", "grace", "grace", "joan")]
    order = []
    while following := state.next_queued():
        order.append(asked.index(Preflight.objects.get(pk=following.pk)))
        claimed = state.claim(following.pk, "a worker")
        assert claimed is not None
        state.fail(claimed.pk, claimed.attempt, "It broke.")
    assert order == [0, 3, 5, 1, 4, 2]


def test_who_has_fewer_in_the_making_comes_first(ask: Ask) -> None:
    asked = [ask(name) for name in ("ada", "ada", "ada", "grace", "grace")]
    order = []
    while following := state.next_queued():
        order.append(asked.index(Preflight.objects.get(pk=following.pk)))
        state.claim(following.pk, "a worker")
    assert order == [0, 3, 1, 4, 2]


def test_ten_of_one_user_that_wait_are_behind_the_one_of_another(ask: Ask) -> None:
    ended = ask("grace")
    state.claim(ended.pk, "a worker")
    state.fail(ended.pk, 1, "It broke.")
    many = [ask("ada") for _ in range(10)]
    theirs = ask("grace")
    state.claim(many[0].pk, "a worker")
    following = state.next_queued()
    assert following == (theirs.pk, theirs.owner_id)
    assert state.next_queued(besides={theirs.owner_id}) == (many[1].pk, many[1].owner_id)
    assert state.next_queued(besides={theirs.owner_id, many[0].owner_id}) is None


def test_looking_costs_one_question_while_nothing_waits(ask: Ask, django_assert_num_queries: Any) -> None:
    ended = ask("ada")
    state.cancel(ended.pk, "Cancelled by ada.")
    with django_assert_num_queries(1):
        assert state.next_queued() is None
