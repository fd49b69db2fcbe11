"""Answers that took long stand for a while; those that took no time, and those of another state, never."""

from __future__ import annotations

import time

import pytest

from runs.pauses import rested_answers
from runs.pauses.rested_answers import RestedAnswers


class Clock:
    """Time that passes only when told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.used = 0.0
        self.computed = 0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        monkeypatch.setattr(time, "thread_time", lambda: self.used)

    def costing(self, seconds: float) -> int:
        self.used += seconds
        self.computed += 1
        return self.computed


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stop the clocks."""
    return Clock(monkeypatch)


def test_a_cheap_answer_is_always_new(clock: Clock) -> None:
    answers = RestedAnswers[int]()
    assert [answers.answer(1, "running", lambda: clock.costing(0.015)) for _ in range(3)] == [1, 2, 3]


def test_a_dear_one_stands_for_two_hundred_times_its_cost(clock: Clock) -> None:
    answers = RestedAnswers[int]()
    for now, expected in ((0.0, 1), (19.9, 1), (20.1, 2)):
        clock.now = now
        assert answers.answer(1, "running", lambda: clock.costing(0.1)) == expected


@pytest.mark.parametrize("cost", [0.005, 0.02, 0.021, 0.04, 0.1, 0.149])
def test_one_page_costs_a_hundredth_of_a_core_at_most(clock: Clock, cost: float) -> None:
    """It asks every two seconds at most; longer answers stand for half a minute at most."""
    answers = RestedAnswers[int]()
    for turn in range(1_000):
        clock.now = 2.0 * turn
        answers.answer(1, "running", lambda: clock.costing(cost))
    assert clock.used / clock.now <= 0.0101


def test_the_end_of_a_run_is_answered_at_once_and_no_other_run_with_it(clock: Clock) -> None:
    answers = RestedAnswers[int]()
    assert answers.answer(1, "running", lambda: clock.costing(5)) == 1
    assert answers.answer(2, "running", lambda: clock.costing(5)) == 2
    assert answers.answer(1, "completed", lambda: clock.costing(5)) == 3
    assert answers.answer(2, "running", lambda: clock.costing(5)) == 2
    clock.now = rested_answers.LONGEST_SECONDS
    assert answers.answer(2, "running", lambda: clock.costing(5)) == 4


def test_few_are_kept(clock: Clock) -> None:
    answers = RestedAnswers[int]()
    for run_id in range(rested_answers.KEPT + 1):
        answers.answer(run_id, "running", lambda: clock.costing(1))
    computed = clock.computed
    answers.answer(0, "running", lambda: clock.costing(1))
    assert clock.computed == computed + 1, "the oldest is gone"
    answers.answer(rested_answers.KEPT, "running", lambda: clock.costing(1))
    assert clock.computed == computed + 1
