"""Carry out an operation against answers that the test has written, in place of a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from livetrain.events import Event
from livetrain.operations.following import Following, Heard
from livetrain.wire import Answer, Failure, Operation, Pause, Request

T = TypeVar("T")
LOST = Failure("The server does not answer: it hung up.", may_have_arrived=True)
NOBODY = Failure("The server does not answer: nobody listens.", may_have_arrived=False)


def answer(body: Any = None, status: int = 200, **headers: str) -> Answer:
    """Write an answer."""
    return Answer(status, json.dumps(body).encode(), {name.replace("_", "-"): text for name, text in headers.items()})


class Scripted:
    """What was asked, and for how long it was waited in all."""

    def __init__(self, answers: Iterable[Answer | Failure] | Callable[[Request], Answer | Failure]) -> None:
        self._next = answers if callable(answers) else self._of(iter(answers))
        self.asked: list[Request] = []
        self.pauses: list[float] = []

    def returned(self, operation: Operation[T]) -> T:
        """Carry out an operation to its end."""
        try:
            step = next(operation)
            while True:
                step = operation.send(self._done(step))
        except StopIteration as end:
            value: T = end.value
            return value

    def heard(self, operation: Following, most: int | None = None) -> list[Event]:
        """Return what following a run tells, to its end or until that much was heard."""
        found: list[Event] = []
        got = None
        while most is None or len(found) < most:
            try:
                step = operation.send(got)
            except StopIteration:
                break
            got = None if isinstance(step, Heard) else self._done(step)
            found += step.events if isinstance(step, Heard) else []
        return found

    def _done(self, step: Request | Pause) -> Answer | Failure | None:
        if isinstance(step, Pause):
            self.pauses.append(step.seconds)
            return None
        self.asked.append(step)
        return self._next(step)

    @staticmethod
    def _of(answers: Any) -> Callable[[Request], Answer | Failure]:
        return lambda _request: next(answers)
