"""Turns at work that takes long: limits, whose turn is next, and places for those who wait."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import RequestFactory

from runs.pauses.held_turns import hold, release
from runs.pauses.turns import Turn, Turns, WaitingRoom
from tests.waiting import eventually

ADA, GRACE, MARY = "ada", "grace", "mary"


def taken(turns: Turns, user: str) -> Turn:
    turn = turns.take(user, 0.0)
    assert turn is not None
    return turn


class Queue:
    """Threads that wait for turns, each once the one before it waits."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.order: list[str] = []
        self.begun: list[Turn] = []
        self._threads: list[threading.Thread] = []

    def join(self, user: str) -> None:
        thread = threading.Thread(target=self._wait, args=(user,))
        thread.start()
        self._threads.append(thread)
        eventually(lambda: len(self._turns._waiting) + len(self.order) == len(self._threads), every=0.001)

    def served(self, number: int) -> list[str]:
        """Return whose turns have begun, once there are that many; and end each as soon as it has begun."""
        while len(self.order) < number or self.begun:
            eventually(lambda: self.begun, every=0.001)
            self.begun.pop(0).end()
        for thread in self._threads:
            thread.join(10)
        return self.order

    def _wait(self, user: str) -> None:
        turn = self._turns.take(user, 30.0)
        assert turn is not None
        with self._turns.changed:
            self.order.append(user)
            self.begun.append(turn)


def test_no_more_than_so_many_and_of_one_user_fewer() -> None:
    turns = Turns(at_once=3, of_one_user=2)
    first = taken(turns, ADA)
    taken(turns, ADA)
    assert turns.take(ADA, 0.0) is None
    taken(turns, GRACE)
    assert turns.take(MARY, 0.0) is None
    assert turns.under_way == 3
    first.end()
    first.end()
    assert turns.under_way == 2
    taken(turns, MARY)
    assert turns.take(GRACE, 0.0) is None


def test_one_who_came_last_but_has_nothing_is_next() -> None:
    turns = Turns(at_once=2, of_one_user=2)
    ada = taken(turns, ADA)
    taken(turns, ADA)
    queue = Queue(turns)
    for user in (ADA, ADA, ADA, GRACE):
        queue.join(user)
    ada.end()
    assert queue.served(4) == [GRACE, ADA, ADA, ADA]


def test_users_take_turns_however_many_each_has_asked_for() -> None:
    turns = Turns(at_once=1, of_one_user=1)
    mary = taken(turns, MARY)
    queue = Queue(turns)
    for user in (ADA, ADA, ADA, GRACE, GRACE):
        queue.join(user)
    mary.end()
    assert queue.served(5) == [ADA, GRACE, ADA, GRACE, ADA]
    assert not turns._begun
    assert not turns._under_way


def test_the_fewer_places_are_left_the_fewer_one_user_may_take() -> None:
    room = WaitingRoom(places=8, of_one_user=3)

    def places(user: str) -> int:
        return sum(room.enter(user) for _ in range(8))

    assert [places(user) for user in ("a", "b", "c", "d", "e", "f")] == [3, 2, 1, 1, 1, 0]
    room.leave("a")
    assert places("f") == 1


def test_who_finds_no_place_does_not_wait_and_a_place_is_of_all_kinds() -> None:
    room = WaitingRoom(places=4, of_one_user=1)
    statistics, exports = Turns(1, 1, room), Turns(1, 1, room)
    ended: list[Callable[[], None]] = [taken(turns, MARY).end for turns in (statistics, exports)]
    queue = Queue(statistics)
    queue.join(ADA)
    assert exports.take(ADA, 30.0) is None  # at once: the test would last half a minute
    for end in ended:
        end()
    assert queue.served(1) == [ADA]
    assert not room._taken


def test_whether_there_is_room_can_be_asked_without_taking_it() -> None:
    turns = Turns(2, 1, WaitingRoom(places=2, of_one_user=1))
    assert turns.has_room(ADA)
    first = taken(turns, ADA)
    assert turns.has_room(ADA)  # to wait
    queue = Queue(turns)
    queue.join(ADA)
    assert not turns.has_room(ADA)
    assert turns.has_room(GRACE)
    first.end()
    assert queue.served(1) == [ADA]


def test_who_has_waited_in_vain_leaves_nothing_behind() -> None:
    turns = Turns(1, 1)
    taken(turns, MARY)
    assert turns.take(ADA, 0.01) is None
    assert not turns._waiting
    assert not turns._room._taken


@pytest.mark.django_db
def test_a_turn_lasts_until_the_answer_or_until_it_is_sent() -> None:
    turns = Turns(4, 4)
    request = RequestFactory().get("/")
    hold(request, taken(turns, ADA))
    hold(request, taken(turns, ADA), until_sent=True)
    response = StreamingHttpResponse([b"piece"])
    release(request, response)
    assert turns.under_way == 1
    response.close()
    assert turns.under_way == 0


def test_a_turn_ends_where_nothing_is_streamed_or_answered_and_with_a_stream_that_nobody_closes() -> None:
    turns = Turns(4, 4)
    for response in (HttpResponse(), None):
        request = RequestFactory().get("/")
        hold(request, taken(turns, ADA), until_sent=True)
        release(request, response)
        assert turns.under_way == 0
    request = RequestFactory().get("/")
    hold(request, taken(turns, ADA), until_sent=True)
    release(request, StreamingHttpResponse([b"piece"]))
    assert turns.under_way == 0
