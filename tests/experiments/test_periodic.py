"""What all resident threads have in common."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from itertools import pairwise

import pytest
from django.db import InterfaceError, connections

from experiments import periodic
from experiments.periodic import Periodic, stop_all
from tests.waiting import eventually


class Working(Periodic):
    """Does what it is told."""

    def __init__(
        self, interval: float = 0.01, *, keeps_connections: bool = False, **jobs: Callable[[], object]
    ) -> None:
        super().__init__("working", interval, keeps_connections=keeps_connections)
        self._jobs = jobs
        self.left = False

    def jobs(self) -> Mapping[str, Callable[[], object]]:
        return self._jobs

    def leave(self) -> None:
        self.left = True


def test_it_looks_at_once_and_then_at_its_interval() -> None:
    at: list[float] = []
    thread = Working(0.2, look=lambda: at.append(time.monotonic()))
    begun = time.monotonic()
    thread.start()
    eventually(lambda: len(at) >= 4)
    thread.stop()
    assert at[0] - begun < at[3] - at[0]
    assert min(later - earlier for earlier, later in pairwise(at)) >= 0.2
    assert thread.left


def test_pauses_grow_while_a_job_fails_and_others_keep_their_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(periodic, "LONGEST_PAUSE_SECONDS", 0.4)
    tries: list[float] = []
    looks: list[float] = []

    def fail() -> None:
        tries.append(time.monotonic())
        raise KeyError("injected")

    thread = Working(0.05, fail=fail, look=lambda: looks.append(time.monotonic()))
    thread.start()
    eventually(lambda: len(tries) >= 6)
    thread.stop()
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    for pause, least in zip(pauses, (0.05, 0.1, 0.2, 0.4, 0.4), strict=False):
        assert pause >= least
    assert len(looks) > len(tries)


@pytest.mark.django_db(transaction=True)
def test_connections_are_closed_after_each_round_also_one_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    monkeypatch.setattr(connections, "close_all", lambda: closed.append(threading.current_thread().name))

    def fail() -> None:
        raise TypeError("injected")

    thread = Working(fail=fail)
    thread.start()
    eventually(lambda: len(closed) >= 3)
    thread.stop()
    assert set(closed) == {"working"}


def test_connections_that_are_kept_are_closed_after_a_failure_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    monkeypatch.setattr(connections, "close_all", lambda: happened.append("closed"))

    def look() -> None:
        happened.append("look")
        if happened.count("look") == 3:
            raise InterfaceError("cut")

    thread = Working(keeps_connections=True, look=look)
    thread.start()
    eventually(lambda: happened.count("look") >= 5)
    thread.stop()
    assert happened[:5] == ["look", "look", "look", "closed", "look"]
    assert happened[4:].count("closed") == 1
    assert happened[-1] == "closed"


def test_a_connection_that_cannot_be_closed_ends_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []

    def fail() -> None:
        raise TypeError("injected")

    monkeypatch.setattr(connections, "close_all", fail)
    thread = Working(look=lambda: looks.append(1))
    thread.start()
    eventually(lambda: len(looks) >= 3)
    thread.stop()
    assert not thread.is_alive()


def test_stopping_waits_no_longer_than_told(caplog: pytest.LogCaptureFixture) -> None:
    """Two that hang, one that was never started, one that ends: they are waited for together."""
    hanging, begun = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        hanging.wait(60)

    threads = [Working(hang=hang), Working(hang=hang), Working(), Working(look=lambda: None)]
    for thread in (threads[0], threads[1], threads[3]):
        thread.start()
    assert begun.wait(10)
    since = time.monotonic()
    try:
        stop_all(threads, 1.0)
        assert 1.0 <= time.monotonic() - since < 5.0
        assert caplog.messages == ["working did not end within 1 s and is left running"] * 2
        eventually(lambda: not threads[3].is_alive())
    finally:
        hanging.set()
    threads[0].join(10)
    assert threads[0].left
