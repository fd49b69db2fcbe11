"""The database is away while a training runs: it goes on, and what is stored afterwards is the truth."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError, connection, connections
from django.utils import timezone
from pytest_django.fixtures import Settings

from experiments.processes import training_process
from experiments.supervision import supervisor
from experiments.supervision.lease import Lease
from experiments.worker import maintenance
from experiments.worker.maintenance import Maintenance
from runs import lifecycle, recorder
from runs.failures import thread_failures
from runs.models import Run, RunEvent
from tests.waiting import eventually


class Outage:
    """While it is `on`, the database takes nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.on = threading.Event()
        for module, name in ((recorder, "record"), (lifecycle, "end"), (lifecycle, "renew")):
            monkeypatch.setattr(module, name, self._failing(getattr(module, name)))

    def _failing(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def attempted(*args: Any, **kwargs: Any) -> Any:
            if self.on.is_set():
                raise OperationalError("away")
            return write(*args, **kwargs)

        return attempted


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Outage:
    return Outage(monkeypatch)


def supervised(draining: threading.Event) -> bool:
    try:
        return supervisor.supervise(draining=draining)
    finally:
        connections.close_all()


def test_an_outage_beyond_patience_fails_the_run_in_words_and_keeps_its_epochs(
    queued: Run, recipe: Callable[[str], None], outage: Outage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()
    ask = training_process.TrainingProcess.request_stop

    def noticed(training: training_process.TrainingProcess) -> None:
        ask(training)
        asked.set()

    monkeypatch.setattr(training_process.TrainingProcess, "request_stop", noticed)
    monkeypatch.setattr(supervisor, "STORE_PATIENCE_SECONDS", 0.5)
    recipe("obedient")
    outage.on.set()
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(supervised, threading.Event())
        assert asked.wait(20)
        outage.on.clear()
        assert working.result(30)
    run = Run.objects.get(pk=queued.pk)
    assert run.status == "failed"
    assert run.reason is not None
    assert run.reason.startswith("The database stored nothing for")
    assert (run.last_checkpoint, run.last_checkpoint_epoch) == ("epoch-0.ckpt", 0)
    assert lifecycle.resume(run.pk, "-")


def test_a_training_that_ends_during_an_outage_is_stored_after_it(
    queued: Run, recipe: Callable[[str], None], outage: Outage
) -> None:
    recipe("completes")
    outage.on.set()
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(supervised, threading.Event())
        eventually((queued.folder / "checkpoints/epoch-1.ckpt").exists)
        outage.on.clear()
        assert working.result(30)
    run = Run.objects.get(pk=queued.pk)
    assert run.status == "completed"
    events = list(RunEvent.objects.filter(run=run).order_by("seq").values_list("seq", "type"))
    assert [seq for seq, _ in events] == list(range(1, len(events) + 1))
    assert [kind for _, kind in events].count("epoch_end") == 4


def test_a_lease_is_renewed_over_a_new_connection_when_the_old_one_was_cut(queued: Run) -> None:
    """As a database that was restarted leaves it: the connection is there, and useless."""
    lifecycle.claim(queued.pk, "me")
    lease, before = Lease(queued.pk, 1), timezone.now()
    Run.objects.filter(pk=queued.pk).update(lease_until=before)
    connection.ensure_connection()
    connection.connection.close()
    lease._renew()
    assert not lease.lost.is_set()
    lease._renew()
    assert Run.objects.filter(pk=queued.pk, lease_until__gt=before).exists()


@pytest.mark.parametrize("fault", [TypeError, KeyError, InterfaceError])
def test_a_lease_is_renewed_after_whatever_a_renewal_failed_of(
    queued: Run, monkeypatch: pytest.MonkeyPatch, settings: Settings, fault: type[Exception]
) -> None:
    settings.LEASE_SECONDS = 0.2
    lifecycle.claim(queued.pk, "me")
    real, faults = lifecycle.renew, [fault("one"), fault("two")]

    def sometimes(run_id: int, attempt: int, *, seconds: float) -> str:
        if faults:
            raise faults.pop()
        return real(run_id, attempt, seconds=seconds)

    monkeypatch.setattr(lifecycle, "renew", sometimes)
    before = thread_failures.counts().get("lease", 0)
    lease = Lease(queued.pk, 1)
    lease.start()
    try:
        lifecycle.cancel(queued.pk, "No.")
        eventually(lambda: lease.request == "cancel")
    finally:
        lease.stop()
    assert not lease.lost.is_set()
    assert thread_failures.counts()["lease"] == before + 2


def test_after_an_outage_holders_may_renew_before_their_runs_count_as_lost(
    queued: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifecycle.claim(queued.pk, "me")
    Run.objects.filter(pk=queued.pk).update(lease_until=timezone.now() - timedelta(seconds=60))
    looks: list[str] = []
    real = lifecycle.lost_runs

    def look(moment: datetime | None = None) -> list[int]:
        looks.append(Run.objects.values_list("status", flat=True).get(pk=queued.pk))
        if len(looks) < 3:
            raise OperationalError("away")
        return real(moment)

    monkeypatch.setattr(lifecycle, "lost_runs", look)
    monkeypatch.setattr(maintenance, "INTERVAL_SECONDS", 0.05)
    monkeypatch.setattr(maintenance, "AFTER_OUTAGE_SECONDS", 0.5)
    watching = Maintenance()
    watching.start()
    try:
        eventually(lambda: len(looks) >= 3)
        lifecycle.renew(queued.pk, 1)
        eventually(lambda: len(looks) >= 5)
    finally:
        watching.stop()
        watching.join()
    run = Run.objects.get(pk=queued.pk)
    assert (run.status, run.attempt, run.losses) == ("in_progress", 1, 0)
