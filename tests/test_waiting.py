"""How often a test looks for what it waits for."""

from __future__ import annotations

import pytest

from tests import waiting
from tests.waiting import eventually


class Clock:
    """A clock of the test's own, which notes for how long nothing is done."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.pauses.append(seconds)

    def look(self, seconds: float, *, until: float) -> bool:
        """Look for so long, and see it from that moment on."""
        self.now += seconds
        return self.now >= until


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(waiting, "time", made)
    return made


@pytest.mark.parametrize(("look", "pause"), [(0.0001, 0.05), (0.01, 0.1), (3.0, 0.25)])
def test_what_takes_long_to_look_at_is_looked_at_less_often(clock: Clock, look: float, pause: float) -> None:
    assert eventually(lambda: clock.look(look, until=10))
    assert clock.pauses
    assert clock.pauses == [pytest.approx(pause)] * len(clock.pauses)


def test_a_pause_can_be_named(clock: Clock) -> None:
    assert eventually(lambda: clock.look(3.0, until=10), every=0.005)
    assert clock.pauses == [0.005] * 3


def test_in_the_end_the_last_value_is_told(clock: Clock) -> None:
    with pytest.raises(AssertionError, match="still False after 2 seconds"):
        eventually(lambda: clock.look(0.01, until=10), within=2)
    assert 2 <= clock.now < 2.2


def test_the_value_is_returned(clock: Clock) -> None:
    values = iter(["", None, "there"])
    assert eventually(lambda: next(values)) == "there"
