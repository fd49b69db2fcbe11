"""Turns at work that takes long: so many at once, of each user fewer, and users one after the other.

A user is any key that tells apart those who are to have an equal share. Those who wait for a turn hold a thread, so
there are only so many places to wait, and the fewer are left, the fewer one user may take.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from itertools import count

PLACES = 32
PLACES_OF_ONE_USER = 8


class WaitingRoom:
    """The places of all who wait for turns of several kinds."""

    def __init__(self, places: int = PLACES, of_one_user: int = PLACES_OF_ONE_USER) -> None:
        self.changed = threading.Condition()
        """Held while places or turns change hands; reentrant, as a turn may end in the middle of garbage collection."""
        self._places, self._of_one_user = places, of_one_user
        self._taken: Counter[Hashable] = Counter()

    def admits(self, user: Hashable) -> bool:
        """Tell whether there is a place: a user has half of what is free, at most, so that others find one."""
        free = self._places - self._taken.total()
        return self._taken[user] < min(self._of_one_user, (free + 1) // 2)

    def enter(self, user: Hashable) -> bool:
        """Take a place, if there is one."""
        admitted = self.admits(user)
        if admitted:
            self._taken[user] += 1
        return admitted

    def leave(self, user: Hashable) -> None:
        """Give a place back."""
        self._taken[user] -= 1
        if not self._taken[user]:
            del self._taken[user]


class Turn:
    """A turn that lasts until its end, which may be announced more than once."""

    def __init__(self, turns: Turns, user: Hashable) -> None:
        self._turns, self._user, self._over = turns, user, False

    def end(self) -> None:
        """Leave the turn to the next one."""
        with self._turns.changed:
            if not self._over:
                self._over = True
                self._turns.ended(self._user)


class _Waiting:
    """One who waits for a turn."""

    def __init__(self, user: Hashable) -> None:
        self.user = user


class Turns:
    """The turns of one kind of work."""

    def __init__(self, at_once: int, of_one_user: int, room: WaitingRoom | None = None) -> None:
        self._at_once, self._of_one_user = at_once, of_one_user
        self._room = room or WaitingRoom()
        self.changed = self._room.changed
        self._under_way: Counter[Hashable] = Counter()
        self._waiting: list[_Waiting] = []
        self._begun: dict[Hashable, int] = {}
        """When the last turn began of a user who has one or waits for one, counted in turns."""
        self._numbers = count(1)

    @property
    def under_way(self) -> int:
        """How many turns there are at the moment."""
        return self._under_way.total()

    @property
    def of_one_user(self) -> int:
        """How many turns a user may have at once."""
        return self._of_one_user

    def left_to(self, user: Hashable) -> int:
        """Return how many more turns that user may have beside those under way, if others leave room."""
        with self.changed:
            return max(0, self._of_one_user - self._under_way[user])

    def has_room(self, user: Hashable) -> bool:
        """Tell whether that user would get a turn, or a place to wait for one, at this moment."""
        with self.changed:
            return self._may_begin(user) or self._room.admits(user)

    def take(self, user: Hashable, seconds: float) -> Turn | None:
        """Wait so long for a turn of that user; None: none came, or too many wait already."""
        with self.changed:
            asking = _Waiting(user)
            self._waiting.append(asking)
            try:
                if not self._comes(asking, seconds):
                    return None
                self._under_way[user] += 1
                self._begun[user] = next(self._numbers)
                return Turn(self, user)
            finally:
                self._waiting.remove(asking)
                self._forget(user)
                self.changed.notify_all()

    @contextmanager
    def turn(self, user: Hashable, seconds: float) -> Iterator[bool]:
        """Wait for a turn of that user, which lasts until the block is left; False: none came in time."""
        mine = self.take(user, seconds)
        try:
            yield mine is not None
        finally:
            if mine is not None:
                mine.end()

    def ended(self, user: Hashable) -> None:
        """Count a turn less; called by the turn, which holds the lock."""
        self._under_way[user] -= 1
        if not self._under_way[user]:
            del self._under_way[user]
        self._forget(user)
        self.changed.notify_all()

    def _comes(self, asking: _Waiting, seconds: float) -> bool:
        if self._next() is asking:
            return True
        if not self._room.enter(asking.user):
            return False
        try:
            return self.changed.wait_for(lambda: self._next() is asking, seconds)
        finally:
            self._room.leave(asking.user)

    def _next(self) -> _Waiting | None:
        """Return whose turn it is: of the user with the fewest turns, then of the one who had one longest ago."""
        able = [one for one in self._waiting if self._may_begin(one.user)]
        return min(able, key=lambda one: (self._under_way[one.user], self._begun.get(one.user, 0)), default=None)

    def _may_begin(self, user: Hashable) -> bool:
        return self._under_way.total() < self._at_once and self._under_way[user] < self._of_one_user

    def _forget(self, user: Hashable) -> None:
        if user not in self._under_way and all(one.user != user for one in self._waiting):
            self._begun.pop(user, None)
