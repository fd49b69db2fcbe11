"""GET /api/audit/: the audit trail, page by page or as JSON lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import HttpResponseBase, StreamingHttpResponse
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from access.decisions import access_of
from access.roles import Role
from accounts.audit_trail.parameters import TrailParameters
from audit.models import AuditEvent
from audit.reading import chosen, in_batches, with_repeats
from audit.recording import record
from runs.api.async_view import release_connection
from runs.api.csv_download import attachment_headers
from runs.api.heavy_requests import EXPORTS, Kind
from runs.api.renderers import JSONRenderer
from runs.api.views import ReadingView
from runs.listing.pagination import NEWEST_FIRST, Part, page_of

LINES = "application/x-ndjson"
FOR_ADMINS = "The audit trail is for operators of the server and, of a project's events, for its admins."


class LinesRenderer(JSONRenderer):
    """Lets `Accept` ask for lines; the view itself writes them, and this what refuses them: one line too."""

    media_type = LINES
    format = "jsonl"


class AuditTrail(ReadingView):
    """The endpoint of the trail: operators see all events, admins of projects those of their projects."""

    parameters = TrailParameters
    renderer_classes = [JSONRenderer, LinesRenderer]

    def kind_of_request(self) -> Kind | None:
        """Count exports."""
        return EXPORTS if self.asked["format"] == "jsonl" else None

    def get(self, request: Request) -> HttpResponseBase:
        """Return a page of events, the newest first, or all of them as lines, the oldest first."""
        events = self._chosen(request)
        if self.asked["format"] == "jsonl":
            return _export(request, events, {name: request.query_params[name] for name in request.query_params})
        page = page_of([Part(events)], NEWEST_FIRST, self.asked["page_size"], self.asked.get("cursor"))
        links = page.links(request.build_absolute_uri())
        return Response({**links, "results": [with_repeats(event) for event in page.rows]})

    def _chosen(self, request: Request) -> QuerySet[AuditEvent]:
        asked = self.asked
        target_type, target_id = asked.get("target", ("", ""))
        return chosen(
            projects=_projects(request, asked.get("project")),
            actions=asked.get("action", ()),
            users=asked.get("user", ()),
            addresses=asked.get("address", ()),
            via=asked.get("via", ()),
            target_type=target_type,
            target_id=target_id,
            since=asked.get("since"),
            until=asked.get("until"),
        )


def _projects(request: Request, asked: list[int] | None) -> list[int] | None:
    """Return the projects whose events are shown; None: all, and events of none. Raises PermissionDenied."""
    managed = access_of(request.user).with_role(Role.ADMIN)
    if managed is None:
        return asked
    if not managed:
        raise PermissionDenied(FOR_ADMINS)
    return managed if asked is None else [number for number in asked if number in managed]


def _export(request: Request, events: QuerySet[AuditEvent], asked: dict[str, Any]) -> HttpResponseBase:
    if request.method != "HEAD":
        record("audit.exported", asked=asked)
    return StreamingHttpResponse(_Lines(events), content_type=LINES, headers=attachment_headers("audit.jsonl"))


class _Lines:
    """The events as ASGI streams them, a batch at a time."""

    def __init__(self, events: QuerySet[AuditEvent]) -> None:
        self._batches = in_batches(events)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (lines := await sync_to_async(_next_lines)(self._batches)) is not None:
            yield lines


def _next_lines(batches: Iterator[list[AuditEvent]]) -> bytes | None:
    try:
        batch = next(batches, None)
    finally:
        release_connection()
    return None if batch is None else b"".join(msgspec.json.encode(with_repeats(one)) + b"\n" for one in batch)
