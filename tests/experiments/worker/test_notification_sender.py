"""When the sender of messages asks the database: after each commit, while it sends, and every few seconds."""

from __future__ import annotations

from typing import Any

import pytest

from experiments.worker import notifying
from experiments.worker.notifying import DUE_SECONDS, NotificationSender


class Told:
    """The database, the clock and the dispatcher, as the test wants them; `looks` are the moments of its rounds."""

    def __init__(self) -> None:
        self.state, self.now, self.busy = "first", 100.0, 0
        self.fails = False
        self.looks: list[float] = []

    def round(self) -> None:
        self.looks.append(self.now)
        if self.fails:
            raise OSError("the database is locked")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    found = Told()
    monkeypatch.setattr(notifying, "mark", lambda: found.state)
    monkeypatch.setattr("experiments.worker.notifying.time.monotonic", lambda: found.now)
    monkeypatch.setattr(notifying, "Dispatcher", lambda: found)
    return found


def test_it_looks_where_something_was_written_or_may_be_due(told: Told) -> None:
    [send] = NotificationSender().jobs().values()

    def at(seconds: float, **changes: Any) -> bool:
        told.now = 100.0 + seconds
        vars(told).update(changes)
        before = len(told.looks)
        send()
        return len(told.looks) > before

    assert at(0)
    assert not at(1)
    assert at(2, state="second")
    assert not at(3)
    assert at(2 + DUE_SECONDS)
    assert not at(3 + DUE_SECONDS)
    assert at(4 + DUE_SECONDS, busy=1)
    assert at(5 + DUE_SECONDS)
    assert not at(6 + DUE_SECONDS, busy=0)


def test_a_look_that_failed_is_repeated(told: Told) -> None:
    [send] = NotificationSender().jobs().values()
    told.fails = True
    for _ in range(2):
        with pytest.raises(OSError, match="locked"):
            send()
    told.fails = False
    send()
    send()
    assert len(told.looks) == 3
