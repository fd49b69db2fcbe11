"""What the audit trail says, for tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from asgiref.sync import async_to_sync

from audit.models import AuditEvent, Repeats


def last_id() -> int:
    """Return the number of the newest event."""
    return AuditEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def events(action: str = "", after: int = 0) -> list[AuditEvent]:
    """Return the events, or those of an action, the oldest first."""
    found = AuditEvent.objects.filter(pk__gt=after).order_by("pk")
    return list(found.filter(action=action) if action else found)


def the_event(action: str) -> AuditEvent:
    """Return the one event of an action."""
    [event] = events(action)
    return event


def count_of(event: AuditEvent) -> int:
    """Return how often an event happened."""
    return Repeats.objects.get(pk=event.pk).count


@contextmanager
def new_events() -> Iterator[Callable[[], list[str]]]:
    """Yield what lists the actions of the events that were stored since."""
    start = last_id()
    yield lambda: [event.action for event in events(after=start)]


def said(event: AuditEvent) -> dict[str, Any]:
    """Return who did it, how and from where."""
    return {name: getattr(event, name) for name in ("user_name", "via", "credential", "address")}


def read_whole(answer: Any) -> bytes:
    """Read an answer to its end, which releases the turn that a large one holds."""
    if not getattr(answer, "is_async", False):
        return bytes(answer.getvalue())

    async def read() -> bytes:
        return b"".join([part async for part in answer])

    return async_to_sync(read)()
