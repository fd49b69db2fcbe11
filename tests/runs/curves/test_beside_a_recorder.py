"""While a recorder writes and old events are pruned, each answer is of one moment."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.test import Client

from runs.models import Run, RunEvent
from runs.recorder import record, stamp
from runs.removal import retention
from runs.serializers import event_envelope
from tests.runs.conftest import MakeRun
from tests.runs.curves.conftest import Browser, journal, resumed_twice
from tests.tokens import new_token

EVENTS = resumed_twice()[2:-1]
SENT = 40


@pytest.mark.django_db(transaction=True)
def test_every_snapshot_is_the_state_after_its_last_event(make_run: MakeRun, short_ranges: None) -> None:
    run = make_run(status="in_progress", attempt=1)
    headers = {"authorization": f"Token {new_token(run.owner)}"}
    found: list[dict[str, Any]] = []
    written = threading.Event()

    def write() -> None:
        try:
            for first in range(0, len(EVENTS), SENT):
                record(run.pk, 1, [stamp(event) for event in EVENTS[first : first + SENT]])
        finally:
            written.set()
            connection.close()

    writer = threading.Thread(target=write)
    writer.start()
    while not written.is_set() or len(found) < 2:
        found.append(Client(headers=headers).get(f"/api/runs/{run.pk}/snapshot/", {"points": 100_000}).json())
    writer.join()
    rows = RunEvent.objects.filter(run=run).order_by("seq")
    sent = [msgspec.json.decode(event_envelope(event)) for event in rows]
    assert len(sent) == len(EVENTS)
    for snapshot in {one["last_seq"]: one for one in found}.values():
        assert Browser().adopt(snapshot).state == Browser().take(sent[: snapshot["last_seq"]]).state


@pytest.mark.django_db(transaction=True)
def test_pruning_takes_nothing_from_readers(make_run: MakeRun, short_ranges: None) -> None:
    run = make_run(status="completed", attempt=1)
    journal(run, EVENTS)
    headers = {"authorization": f"Token {new_token(run.owner)}"}

    def curves() -> Any:
        parameters = {"name": "*", "by": "time", "points": "100000"}
        return Client(headers=headers).get(f"/api/runs/{run.pk}/series/", parameters).json()

    before, pruned = curves(), threading.Event()

    def prune() -> None:
        try:
            list(retention.remove_events(Run.objects.get(pk=run.pk), lambda _seconds: None))
        finally:
            pruned.set()
            connection.close()

    pruner = threading.Thread(target=prune)
    pruner.start()
    while not pruned.is_set():
        assert curves() == before
    pruner.join()
    assert curves() == before
    assert not RunEvent.objects.filter(run=run, type="batch_metrics").exists()
