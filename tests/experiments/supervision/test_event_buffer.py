"""What waits for a database that fails: in order, once, and without holding anybody up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from experiments.processes.training_process import Received
from experiments.supervision import event_buffer
from experiments.supervision.event_buffer import (
    DELIVERY_SECONDS,
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    EventBuffer,
)
from experiments.training.contract import spool
from experiments.training.contract.reports import Note, Thinned
from runs.events import Progress, Stamped, encode


class Database:
    """Takes batches, unless it is `away`; with `deaf` it takes one and the answer gets lost."""

    def __init__(self) -> None:
        self.away = self.deaf = False
        self.tries: list[bool] = []
        self.took: list[str] = []

    def store(self, batch: Sequence[Received], again: bool) -> None:
        self.tries.append(again)
        if self.away:
            raise OperationalError("away")
        said = [data for _, _, data in batch]
        if not again or self.took[-len(said) :] != said:
            self.took += said
        if self.deaf:
            self.deaf = False
            raise OperationalError("the connection broke at the commit")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Replace the clock; the time is the only item of the list."""
    now = [1000.0]
    monkeypatch.setattr("experiments.supervision.event_buffer.time.monotonic", lambda: now[0])
    return now


def notes(*names: str) -> list[Received]:
    return [Stamped(Note(code=name, text=""), "", name) for name in names]


def progress(number: int) -> Received:
    numbers: dict[str, Any] = {"epoch": 0, "batch_idx": number, "batches": 9, "step": number, "total_steps": 9}
    message = Progress(**numbers, samples_per_second=None, eta_seconds=None)
    return Stamped(message, "", encode(message).decode())


def test_after_an_outage_all_of_it_is_stored_in_order(clock: list[float]) -> None:
    database = Database()
    buffer = EventBuffer(7, database.store)
    database.away = True
    for name in "abc":
        buffer.put(notes(name))
        buffer.deliver()
        clock[0] += FIRST_PAUSE_SECONDS / 4
    assert database.tries == [False]  # nobody waited, and nobody hammered
    assert buffer.failing_seconds == pytest.approx(FIRST_PAUSE_SECONDS * 3 / 4)
    database.away = False
    clock[0] += FIRST_PAUSE_SECONDS
    buffer.deliver()
    assert database.took == ["a", "b", "c"]
    assert database.tries == [False, True, False]
    assert buffer.failing_seconds == 0


def test_what_may_have_been_stored_is_tried_again_as_it_was(clock: list[float]) -> None:
    database = Database()
    buffer = EventBuffer(7, database.store)
    database.deaf = True
    buffer.put(notes("a", "b"))
    buffer.deliver()
    buffer.put(notes("c"))
    clock[0] += FIRST_PAUSE_SECONDS
    buffer.deliver()
    assert database.took == ["a", "b", "c"]


def test_pauses_grow_to_a_limit(clock: list[float]) -> None:
    database, times = Database(), []
    buffer = EventBuffer(7, database.store)
    database.away = True
    buffer.put(notes("a"))
    while clock[0] < 1060:
        before = len(database.tries)
        buffer.deliver()
        times += [clock[0]] * (len(database.tries) - before)
        clock[0] += FIRST_PAUSE_SECONDS / 2
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses[0] == pytest.approx(FIRST_PAUSE_SECONDS, abs=0.06)
    assert pauses[-1] == pytest.approx(LONGEST_PAUSE_SECONDS, abs=0.06)
    assert pauses == sorted(pauses, key=lambda pause: round(pause, 1))


def test_a_long_outage_moves_what_follows_to_a_file(
    clock: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(event_buffer, "KEPT", 3)
    monkeypatch.setattr(spool, "MEMORY_BYTES", 0)
    database = Database()
    buffer = EventBuffer(7, database.store, tmp_path)
    buffer.put([progress(number) for number in range(5)])
    buffer.put([progress(number) for number in range(5, 9)])
    assert list(tmp_path.iterdir()) == []  # the file has no name that a killed worker could leave
    buffer.deliver()
    assert [json.loads(data)["batch_idx"] for data in database.took] == list(range(9))
    buffer.put([progress(9)])
    buffer.deliver()
    assert len(database.took) == 10


def test_a_file_that_cannot_be_read_leaves_out_ephemeral_events_and_counts_them(
    clock: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(event_buffer, "KEPT", 1)
    monkeypatch.setattr(spool, "MEMORY_BYTES", 0)
    monkeypatch.setattr(spool._Segment, "_at", lambda *_: None)
    taken: list[Received] = []
    buffer = EventBuffer(7, lambda batch, _again: taken.extend(batch), tmp_path)
    buffer.put([progress(1), progress(2), *notes('{"code": "kept", "text": ""}'), progress(3)])
    buffer.deliver_all()
    assert [received.message for received in taken] == [
        progress(1).message,
        Note(code="kept", text=""),
        Thinned(events={progress(1).message.type: 2}),
    ]


def test_an_outage_without_end_leaves_out_ephemeral_events_and_counts_them(
    clock: list[float], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(event_buffer, "KEPT", 1)
    monkeypatch.setattr(spool, "LIMIT_BYTES", 1)
    database, taken = Database(), list[Received]()

    def store(batch: Sequence[Received], again: bool) -> None:
        database.store(batch, again)
        taken.extend(batch)

    buffer = EventBuffer(7, store, tmp_path)
    database.away = True
    for number in range(1, 6):
        buffer.put([progress(number)])
    buffer.put(notes('{"code": "kept", "text": ""}'))
    buffer.deliver()
    assert taken == []
    database.away = False
    buffer.deliver_all()
    assert [received.message for received in taken[:2]] == [progress(1).message, progress(2).message]
    assert [received.message for received in taken[2:]] == [
        Note(code="kept", text=""),
        Thinned(events={"progress": 3}),
    ]
    buffer.put([progress(6)])
    buffer.deliver_all()
    assert taken[4:] == [progress(6)]  # reported once


def test_many_messages_are_stored_in_several_transactions(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_buffer, "TOGETHER", 2)
    database = Database()
    buffer = EventBuffer(7, database.store)
    buffer.put(notes(*"abcde"))
    buffer.deliver_all()
    assert database.tries == [False] * 3
    assert database.took == list("abcde")


def test_much_that_waits_is_stored_a_part_at_a_time(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests to stop are looked at in between."""
    monkeypatch.setattr(event_buffer, "TOGETHER", 2)
    database = Database()

    def store(batch: Sequence[Received], again: bool) -> None:
        database.store(batch, again)
        clock[0] += DELIVERY_SECONDS * 0.6

    buffer = EventBuffer(7, store)
    buffer.put(notes(*"abcdefgh"))
    buffer.deliver()
    assert database.took == list("abcd")
    buffer.deliver()
    assert database.took == list("abcdefgh")
    buffer.put(notes(*"ijklmn"))
    buffer.deliver_all()
    assert database.took == list("abcdefghijklmn")
