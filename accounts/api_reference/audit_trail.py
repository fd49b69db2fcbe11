"""The operation that reads the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from runs.api_reference.operation import Content, Operation
from runs.shapes.run_shapes import PageLinks

TAG = "Audit"


class TrailEvent(TypedDict):
    """What somebody did; it happened `count` times until `last_at`."""

    id: int
    at: str
    action: str
    user_id: int | None
    user: str
    via: str
    credential: str
    address: str | None
    request_id: str
    project_id: int | None
    target_type: str
    target_id: str
    target: str
    details: dict[str, Any]
    count: int
    last_at: str


class TrailPage(PageLinks):
    """A page of the audit trail, the newest first."""

    results: list[TrailEvent]


LINES = Content(media_type="application/x-ndjson", description="An event on each line, the oldest first.", is_text=True)

OPERATIONS: Mapping[str, Operation] = {
    "GET audit-list": Operation(
        summary="Read the audit trail",
        description="For operators of the server and, of their projects, for admins of projects. `format=jsonl` gives "
        "all chosen events, a line each.",
        answers={200: (TrailPage, LINES)},
    ),
}
