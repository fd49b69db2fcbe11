"""What waits for a database that fails: in order, once, and without holding anybody up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from django.db import OperationalError

from experiments.processes.training_process import Received
from experiments.supervision import event_buffer
from experiments.supervision.event_buffer import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, EventBuffer
from experiments.training.contract.reports import Note
from runs.events import Progress, Stamped


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
    return Stamped(Progress(**numbers, samples_per_second=None, eta_seconds=None), "", f"progress {number}")


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


def test_a_long_outage_costs_no_more_than_ephemeral_events(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_buffer, "KEPT", 3)
    database = Database()
    buffer = EventBuffer(7, database.store)
    buffer.put([progress(1), progress(2), progress(3), progress(4), *notes("kept"), progress(5)])
    buffer.deliver()
    assert database.took == ["progress 1", "progress 2", "progress 3", "kept"]


def test_many_messages_are_stored_in_several_transactions(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_buffer, "TOGETHER", 2)
    database = Database()
    buffer = EventBuffer(7, database.store)
    buffer.put(notes(*"abcde"))
    buffer.deliver_all()
    assert database.tries == [False] * 3
    assert database.took == list("abcde")
