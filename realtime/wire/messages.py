"""The messages of the WebSockets beside the events themselves: what each is made of, declared once.

The server builds their text piece by piece (`frames`, `hubs.list_looks`); tests compare what it sends with these
types. No process loads them before somebody asks for the description of the WebSockets.
"""

from __future__ import annotations

from typing import Literal, TypedDict

from runs.shapes.queue_shapes import QueuePlaces
from runs.shapes.run_shapes import RunSummary

Skipped = TypedDict("Skipped", {"type": Literal["skipped"], "run_id": int, "from": int, "to": int})
Skipped.__doc__ = "The numbers of old events that a client far behind is spared, the first and the last."


class Large(TypedDict):
    """A link to an event that is too large for one message; `event` is its type, `bytes` its size."""

    type: Literal["large"]
    run_id: int
    seq: int
    attempt: int
    timestamp: str
    event: str
    bytes: int
    url: str


class PongOfList(TypedDict):
    """The answer to a ping."""

    type: Literal["pong"]


class _Pong(TypedDict):
    type: Literal["pong"]
    last_seq: int | None


class Pong(_Pong, total=False):
    """The answer to a ping: how far the journal goes, and when users last changed what no event tells."""

    touched_at: str


class SummaryMessage(TypedDict):
    """A run as a line of the list, when it changed."""

    type: Literal["run_summary"]
    run_id: int
    timestamp: str
    data: RunSummary


class DeletedMessage(TypedDict):
    """A run that is gone from the list."""

    type: Literal["run_deleted"]
    run_id: int
    timestamp: str


class WithdrawnMessage(TypedDict):
    """A run that has left the projects that the client sees."""

    type: Literal["run_withdrawn"]
    run_id: int
    timestamp: str


class AccessMessage(TypedDict):
    """The client sees other projects than before, or may do other things there: read the list again."""

    type: Literal["access_changed"]
    timestamp: str


class QueueMessage(TypedDict):
    """The queue, when it changed."""

    type: Literal["queue"]
    data: QueuePlaces
