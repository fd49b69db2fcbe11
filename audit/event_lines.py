"""An event as JSON, and as a line of the server's log."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from audit.models import AuditEvent

logger = logging.getLogger("audit")


def described(event: AuditEvent, *, count: int = 1, last_at: datetime | None = None) -> dict[str, Any]:
    """Return the event as JSON has it; `count` and `last_at` are of its repeats."""
    return {
        "id": event.pk,
        "at": written(event.at),
        "action": event.action,
        "user_id": event.user_id,
        "user": event.user_name,
        "via": event.via,
        "credential": event.credential,
        "address": event.address,
        "request_id": event.request_id,
        "project_id": event.project_id,
        "target_type": event.target_type,
        "target_id": event.target_id,
        "target": event.target_name,
        "details": event.details,
        "count": count,
        "last_at": written(last_at or event.at),
    }


def written(moment: datetime) -> str:
    """Write a moment in UTC, to the microsecond: the order of events is seen."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def log(event: AuditEvent) -> None:
    """Write the event into the log: in words, and where lines are JSON, as the object `audit` too."""
    if logger.isEnabledFor(logging.INFO):
        logger.info("%s", sentence(event), extra={"audit": described(event)})


def sentence(event: AuditEvent) -> str:
    """Say the event in one line."""
    by = event.user_name or event.credential or event.get_via_display()
    parts = [event.action, *([event.target_name] if event.target_name else []), f"by {by} ({event.via})"]
    if event.address:
        parts.append(f"from {event.address}")
    parts += [f"{name}={value}" for name, value in event.details.items()]
    return " ".join(parts)
