"""Events are told once each and in order, whatever happens to the requests that bring them."""

from __future__ import annotations

import random
from typing import Any

import pytest

from livetrain import errors
from livetrain.operations import following
from livetrain.operations.following import AT_ONCE, WAIT_SECONDS
from livetrain.wire import Answer, Failure, Request
from tests.clients.scripted import LOST, NOBODY, Scripted, answer


def item(seq: int, type_: str = "progress") -> dict[str, Any]:
    return {"type": type_, "run_id": 1, "seq": seq, "attempt": 1, "timestamp": "2026-11-30T06:32:01.5Z", "data": {}}


class Journal:
    """A run's journal that grows with each request, and a server that answers as the real one does."""

    def __init__(self, last: int, growth: int = 0) -> None:
        self.there, self.last, self._growth = 0 if growth else last, last, growth or last

    def __call__(self, request: Request) -> Answer:
        self.there = min(self.last, self.there + self._growth)
        after, limit = int(request.parameters["after"] or 0), int(request.parameters["limit"] or 0)
        types = str(request.parameters["types"] or "")
        numbers = [seq for seq in range(after + 1, self.there + 1) if not types or seq % 10 == 0][:limit]
        last_seq = numbers[-1] if len(numbers) == limit else self.there
        status = "completed" if self.there == self.last else "in_progress"
        return answer({"events": [item(seq) for seq in numbers], "last_seq": last_seq, "status": status})


@pytest.mark.parametrize(("last", "growth"), [(0, 0), (1, 0), (AT_ONCE, 0), (AT_ONCE + 1, 0), (2_500, 0), (50, 7)])
def test_all_events_come_once_and_in_order(last: int, growth: int) -> None:
    found = Scripted(Journal(last, growth)).heard(following.follow(1, patience=60))
    assert [event.seq for event in found] == list(range(1, last + 1))


@pytest.mark.parametrize("seed", range(20))
def test_failures_between_make_no_gap(seed: int) -> None:
    chance, journal = random.Random(seed), Journal(300, growth=11)

    def sometimes(request: Request) -> Answer | Failure:
        # An answer that is lost on its way was given all the same: the journal has grown.
        said = journal(request)
        outcomes: list[Answer | Failure] = [said, said, LOST, NOBODY, answer({}, 503)]
        return chance.choice(outcomes)

    found = Scripted(sometimes).heard(following.follow(1, patience=1_000, after=20))
    assert [event.seq for event in found] == list(range(21, 301))


def test_only_some_types_cost_no_storm_of_requests() -> None:
    script = Scripted(Journal(50, growth=1))
    found = script.heard(following.follow(1, patience=60, types=["epoch_end"]))
    assert [event.seq for event in found] == [10, 20, 30, 40, 50]
    assert script.asked[0].parameters["types"] == "epoch_end"
    assert len(script.pauses) >= 40


def test_it_waits_at_the_server() -> None:
    script = Scripted(Journal(5, growth=1))
    script.heard(following.follow(1, patience=60))
    assert [request.parameters["wait"] for request in script.asked] == [0, *[WAIT_SECONDS] * 4]


def test_beyond_its_end_a_resumed_run_is_heard() -> None:
    journal = Journal(3)
    script = Scripted(journal)

    def resumed(request: Request) -> Answer:
        if len(script.asked) == 3:
            journal.last = journal.there = 5
        return journal(request)

    script._next = resumed
    found = script.heard(following.follow(1, patience=60, beyond_end=True), most=5)
    assert [event.seq for event in found] == [1, 2, 3, 4, 5]


def test_a_server_that_stays_away_is_told() -> None:
    with pytest.raises(errors.ServerUnreachable):
        Scripted(lambda _request: NOBODY).heard(following.follow(1, patience=10))


def test_waiting_ends_with_the_run() -> None:
    script = Scripted(Journal(5, growth=1))
    assert script.returned(following.until_ended(1, 0, None, patience=60)) is True
    assert len(script.asked) == 5


def test_waiting_ends_with_its_time() -> None:
    assert Scripted(Journal(5)).returned(following.until_ended(1, 0, 0.0, patience=60)) is False


def test_a_restored_older_state_is_told() -> None:
    journal = Journal(3)
    script = Scripted(journal)

    def restored(request: Request) -> Answer:
        if len(script.asked) == 3:
            journal.last = journal.there = 2
        return journal(request)

    script._next = restored
    with pytest.raises(errors.LivetrainError, match="after=2"):
        script.heard(following.follow(1, patience=60, beyond_end=True), most=5)


def test_a_single_type_is_no_list_of_letters() -> None:
    script = Scripted(Journal(1))
    script.heard(following.follow(1, patience=60, types="epoch_end"))
    assert script.asked[0].parameters["types"] == "epoch_end"


def test_a_deleted_run_ends_following_and_waiting() -> None:
    deleted = answer({"detail": "Run 1 does not exist."}, 404)
    with pytest.raises(errors.NotFound):
        Scripted([deleted]).heard(following.follow(1, patience=60))
    with pytest.raises(errors.NotFound):
        Scripted([deleted]).returned(following.until_ended(1, 0, None, patience=60))


def test_a_silent_server_does_not_prolong_the_waiting() -> None:
    script = Scripted(lambda _request: NOBODY)
    with pytest.raises(errors.ServerUnreachable):
        script.returned(following.until_ended(1, 0, 5.0, patience=60))
    assert sum(script.pauses) <= 5
