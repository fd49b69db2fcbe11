"""A child that is ready before it is asked, and one task for each."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import psutil
import pytest

from experiments.processes.prepared_child import PreparedChild
from tests.waiting import eventually

TELLS = "tests.experiments.recipes.tells_its_process"
DRAWS = "experiments.training.data.inspection.run_sample_process"


@pytest.fixture
def child() -> Iterator[PreparedChild]:
    made = PreparedChild(TELLS)
    yield made
    if made._ready:
        made._ready.communicate(b"")


def ready() -> list[int]:
    return [one.pid for one in psutil.Process().children() if TELLS in one.cmdline()]


def the_ready() -> int:
    """Return the one that is ready: for a moment after its start, the system does not tell its command line."""
    assert eventually(lambda: len(ready()) == 1)
    return ready()[0]


def asked(child: PreparedChild, task: bytes = b"x") -> int:
    found = child.answer(task, seconds=60)
    assert found is not None
    return int(found)


def test_the_next_child_waits_for_its_task(child: PreparedChild) -> None:
    first = asked(child)
    second = the_ready()
    assert second != first
    assert asked(child) == second
    assert the_ready() != second


@pytest.mark.parametrize("number", [signal.SIGALRM, signal.SIGKILL])
def test_one_that_did_not_wait_so_long_is_replaced(child: PreparedChild, number: int) -> None:
    asked(child)
    waiting = the_ready()
    os.kill(waiting, number)
    assert eventually(lambda: not psutil.pid_exists(waiting))
    assert asked(child) != waiting


def test_nothing_remains_of_one_that_ends_while_it_waits(child: PreparedChild) -> None:
    asked(child)
    waiting = the_ready()
    os.kill(waiting, signal.SIGALRM)
    assert eventually(lambda: not psutil.pid_exists(waiting))


def test_one_that_dies_of_its_task_has_no_answer_and_the_next_has(child: PreparedChild) -> None:
    asked(child)
    assert child.answer(b"dies", seconds=60) is None
    assert asked(child) > 0


def test_the_process_that_draws_ends_without_a_task() -> None:
    """Its server is gone: nothing keeps it."""
    assert PreparedChild(DRAWS)._answered(b"", 60) is None
