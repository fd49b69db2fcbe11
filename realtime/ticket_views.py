"""POST /api/tickets/: a ticket that opens one WebSocket, for programs that cannot send a header with it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.recording import record
from realtime import tickets
from realtime.tickets import Credentials
from runs.api.bodies import body_of
from runs.listing.filters import Parameters
from runs.queries import visible_runs


class TicketOptions(Parameters):
    """The run that the ticket is for; without it, it opens any one socket."""

    run = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False, allow_null=True, default=None)


class Tickets(APIView):
    """The endpoint that makes tickets."""

    def post(self, request: Request) -> Response:
        """Answer with a ticket of the user, and how many seconds it lives; 404 for a run that the user may not see."""
        run_id = body_of(request, TicketOptions)["run"]
        if run_id is not None and not visible_runs(request.user).filter(pk=run_id).exists():
            raise NotFound(f"Run {run_id} does not exist.")
        ticket = tickets.issue(_credentials(request), run_id)
        record("ticket.created", run=run_id)
        answer = {"ticket": ticket, "run": run_id, "expires_in": tickets.LIFETIME_SECONDS}
        return Response(answer, status=status.HTTP_201_CREATED)


def _credentials(request: Request) -> Credentials:
    """Return what the request was authenticated by, so that the socket ends with it."""
    user: Any = request.user  # logged in
    if request.auth is None:
        return Credentials(user.pk, session_key=request.session.session_key or "")
    return Credentials(user.pk, token_pk=str(request.auth.pk))
