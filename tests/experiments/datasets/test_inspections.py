"""Looks at data for requests: bounded in time, a few at once, and of each user fewer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from experiments.datasets import inspections
from experiments.processes.inspection_process import Answer, InspectionProcess
from experiments.training.contract.inspections import Fine, OfContents, OfTraining, Patience, Refused, Undecided
from experiments.training.contract.source_errors import SourceError
from runs.pauses.turns import Turns
from tests.waiting import eventually

ASKED = OfContents(path="/data/lungs.zip", roots=["/data"])
PATIENCE = Patience(cpu_seconds=0.5, seconds=30.0, busy_seconds=40.0)
ADA, GRACE, MARY = 1, 2, 3


class Answering(InspectionProcess):
    """A process that answers what a test wants, and remembers what it was asked."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer, self.asked = answer, list[tuple[OfTraining | OfContents, Patience]]()

    def ask(self, of: OfTraining | OfContents, patience: Patience) -> Answer:
        self.asked.append((of, patience))
        return self.answer


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Answering:
    answering = Answering(Fine())
    monkeypatch.setattr(inspections, "process_for", lambda _networks: answering)
    return answering


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Iterator[Turns]:
    turns = Turns(at_once=2, of_one_user=1)
    monkeypatch.setattr(inspections, "turns", turns)
    yield turns
    assert turns._under_way.total() == 0


def test_what_is_fine_is_decided(process: Answering) -> None:
    assert inspections.refuse_faulty(ASKED, ADA, PATIENCE)
    [(of, patience)] = process.asked
    assert (of, patience.cpu_seconds) == (ASKED, 0.5)
    assert 29 < patience.seconds <= 30
    assert 39 < patience.busy_seconds <= 40


def test_a_refusal_is_raised(process: Answering) -> None:
    process.answer = Refused(field="data.table", message="There are two.")
    with pytest.raises(SourceError) as caught:
        inspections.refuse_faulty(ASKED, ADA, PATIENCE)
    assert (caught.value.field, caught.value.message) == ("data.table", "There are two.")


def test_what_could_not_be_told_is_undecided(process: Answering) -> None:
    process.answer = Undecided(why="it takes too long")
    assert not inspections.refuse_faulty(ASKED, ADA, PATIENCE)


def test_no_turn_in_time_is_undecided_too(process: Answering, turns: Turns) -> None:
    with turns.turn(GRACE, 1.0), turns.turn(MARY, 1.0):
        assert not inspections.refuse_faulty(ASKED, ADA, Patience(0.5, 0.1, 0.1))
    assert process.asked == []
    assert inspections.refuse_faulty(ASKED, ADA, PATIENCE)


def test_the_wait_for_a_turn_counts(process: Answering, turns: Turns) -> None:
    """One who asks waits for both together."""
    with ExitStack() as others:
        for user in (GRACE, MARY):
            others.enter_context(turns.turn(user, 1.0))
        asking = threading.Thread(target=inspections.refuse_faulty, args=(ASKED, ADA, PATIENCE))
        asking.start()
        time.sleep(0.5)  # which is what is measured
    asking.join()
    assert process.asked[0][1].seconds < 29.6


def test_one_user_leaves_a_place_to_others(turns: Turns) -> None:
    with turns.turn(ADA, 1.0) as first, turns.turn(ADA, 0.1) as second, turns.turn(GRACE, 1.0) as theirs:
        assert (first, second, theirs) == (True, False, True)


def test_a_turn_that_ends_is_the_next_ones(turns: Turns) -> None:
    order: list[str] = []

    def wait() -> None:
        with turns.turn(ADA, 30.0) as mine:
            assert mine
            order.append("second")

    with turns.turn(ADA, 1.0):
        waiting = threading.Thread(target=wait)
        waiting.start()
        order.append("first")
    waiting.join(30)
    assert order == ["first", "second"]


def test_a_turn_ends_with_an_error(turns: Turns) -> None:
    with pytest.raises(SourceError), turns.turn(ADA, 1.0):
        raise SourceError("source_path", "broken")
    with turns.turn(ADA, 1.0) as mine:
        assert mine


def test_one_process_serves_all_requests(settings: object) -> None:
    assert inspections.process_for(()) is inspections.process_for(())
    inspections.warm_up()
    running = inspections.process_for(())._running
    assert running is not None
    assert eventually(lambda: running.process.poll() is None)
    inspections.warm_up()
    assert inspections.process_for(())._running is running
