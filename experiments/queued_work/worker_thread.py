"""The threads of a worker process that carry out queued work.

They look for it in the database. They need no broker: such work takes seconds or minutes, must not wait behind
trainings for a thread of Dramatiq's, and a Dramatiq worker with threads of their own would be the second one in its
process, which Dramatiq forbids.
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Callable, Mapping

from experiments.periodic import Periodic
from experiments.queued_work.turns import OneOfEachUser

LOOK_SECONDS = 0.3


class WorkThread(Periodic):
    """Does one piece of work after the other until it is stopped, or this process drains.

    Work that breaks the thread's own is recovered when its lease ends.
    """

    doing: str
    """What it does, as the log names it."""

    def __init__(self, name: str, draining: threading.Event, users: OneOfEachUser) -> None:
        """Share `users` with the other such threads of this process."""
        super().__init__(name, LOOK_SECONDS, keeps_connections=True)
        self._draining, self._users = draining, users

    def jobs(self) -> Mapping[str, Callable[[], object]]:
        """Return the carrying out of what comes next."""
        return {self.doing: self._carry_out_next}

    @abstractmethod
    def carry_out(self, pk: int, draining: threading.Event) -> object:
        """Do that piece of work, unless another worker is faster."""

    def _carry_out_next(self) -> None:
        """Do what comes next; what is under way is returned to the queue if this process drains."""
        if self._draining.is_set():
            return
        with self._users.next_queued() as pk:
            if pk is not None:
                self.carry_out(pk, self._draining)
