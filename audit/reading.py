"""Choose events of the audit trail, and read them batch by batch, so that no number of them fills the memory."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from audit.event_lines import described
from audit.models import AuditEvent

BATCH = 2_000


def chosen(
    *,
    projects: Collection[int] | None = None,
    actions: Collection[str] = (),
    users: Collection[str] = (),
    addresses: Collection[str] = (),
    via: Collection[str] = (),
    target_type: str = "",
    target_id: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[AuditEvent]:
    """Select events; each condition must hold, of several values any. `projects` None: all, also events of none.

    `since` includes its moment, `until` does not.
    """
    wanted: dict[str, Any] = {
        "project_id__in": projects,
        "action__in": actions,
        "user_name__in": users,
        "address__in": addresses,
        "via__in": via,
        "target_type": target_type,
        "target_id": target_id,
        "at__gte": since,
        "at__lt": until,
    }
    conditions = {name: value for name, value in wanted.items() if value or (name == "project_id__in" and value == [])}
    return AuditEvent.objects.select_related("repeats").filter(**conditions)


def in_batches(events: QuerySet[AuditEvent], size: int = BATCH) -> Iterator[list[AuditEvent]]:
    """Yield the events, the oldest first, each batch by a query of its own: no cursor stays open between them."""
    last = 0
    while batch := list(events.filter(pk__gt=last).order_by("pk")[:size]):
        yield batch
        last = batch[-1].pk


def with_repeats(event: AuditEvent) -> dict[str, Any]:
    """Return an event of `chosen` as JSON has it, with how often it happened within its time."""
    repeats = getattr(event, "repeats", None)
    if repeats is None:
        return described(event)
    return described(event, count=repeats.count, last_at=repeats.last_at)
