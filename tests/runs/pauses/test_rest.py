"""A pause follows from what the work before it cost."""

from __future__ import annotations

import threading

import pytest

from runs.pauses.rest import Rest, with_cost


@pytest.mark.parametrize(
    ("rest", "cost", "pause"),
    [
        (Rest(50), 0.1, 5.0),
        (Rest(50, least=0.075), 0.001, 0.075),
        (Rest(50, least=0.075), 0.002, 0.1),
        (Rest(200, least=5.0, longest=30.0), 1.0, 30.0),
        (Rest(3), 0.0, 0.0),
    ],
)
def test_a_pause_is_so_many_times_the_cost_within_its_bounds(rest: Rest, cost: float, pause: float) -> None:
    assert rest.after(cost) == pytest.approx(pause)


def test_time_that_is_only_waited_costs_nothing() -> None:
    found, slept = with_cost(threading.Event().wait, 0.05)
    assert found is False
    assert slept < 0.02
    _, counted = with_cost(sum, range(1_000_000))
    assert counted > slept
