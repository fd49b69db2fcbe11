"""Answers are computed once, also for those who ask at the same time; nobody waits for another question's answer."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from runs.evaluation.remembered import remembered

LONG = 10  # seconds that nothing here should take


def test_who_asks_the_same_waits_and_who_asks_something_else_does_not() -> None:
    asked: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    @remembered(2)
    def slow(question: str) -> str:
        asked.append(question)
        if question == "long":
            begun.set()
            assert go_on.wait(LONG)
        return question.upper()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(slow, "long")
        assert begun.wait(LONG)
        second = pool.submit(slow, "long")
        assert slow("short") == "SHORT"
        assert not first.done()
        assert not second.done()
        go_on.set()
        assert (first.result(LONG), second.result(LONG)) == ("LONG", "LONG")
    assert asked == ["long", "short"]


def test_the_last_answers_are_kept() -> None:
    asked: list[int] = []

    @remembered(2)
    def double(number: int) -> int:
        asked.append(number)
        return 2 * number

    assert [double(number) for number in (1, 2, 1, 3, 1, 2)] == [2, 4, 2, 6, 2, 4]
    assert asked == [1, 2, 3, 2]  # 2 was forgotten for 3, as 1 had been asked for again
    double.cache_clear()
    assert double(2) == 4
    assert asked == [1, 2, 3, 2, 2]


def test_an_exception_is_raised_again_and_again_but_not_kept() -> None:
    asked: list[int] = []

    @remembered(2)
    def once_broken(number: int) -> int:
        asked.append(number)
        if len(asked) == 1:
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match="7"):
        once_broken(7)
    assert once_broken(7) == 7
    assert asked == [7, 7]
