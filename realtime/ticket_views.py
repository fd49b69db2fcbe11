"""POST /api/tickets/: a ticket that opens one WebSocket, for programs that cannot send a header with it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers, status
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.recording import record
from realtime import tickets
from realtime.tickets import Credentials
from runs.api.bodies import body_of
from runs.listing.filters import Parameters
from runs.pauses.rate_limits import Limit
from runs.queries import visible_runs

LIMIT = Limit("tickets", tickets.MOST_UNUSED, tickets.LIFETIME_SECONDS)


class TooManyUnused(APIException):
    """429: the user has too many tickets that were not used."""

    status_code = 429
    default_code = "too_many_tickets"

    def __init__(self, seconds: int) -> None:
        self.wait = seconds  # what becomes `Retry-After`
        self.headers = LIMIT.left(0, seconds)
        super().__init__(
            f"You have {tickets.MOST_UNUSED} tickets that no socket has used. Use those, or ask again in {seconds} "
            "seconds, when the first of them is over."
        )


class TicketOptions(Parameters):
    """The run that the ticket is for; without it, it opens any one socket."""

    run = serializers.IntegerField(
        min_value=1,
        max_value=2**63 - 1,
        required=False,
        allow_null=True,
        default=None,
        help_text="Number of the run; null: it opens any one socket.",
    )


class Tickets(APIView):
    """The endpoint that makes tickets."""

    def post(self, request: Request) -> Response:
        """Answer with a ticket of the user, and how many seconds it lives; 404 for a run that the user may not see."""
        run_id = body_of(request, TicketOptions)["run"]
        if run_id is not None and not visible_runs(request.user).filter(pk=run_id).exists():
            raise NotFound(f"Run {run_id} does not exist.")
        try:
            issued = tickets.issue(_credentials(request), run_id)
        except tickets.TooManyTickets as error:
            raise TooManyUnused(error.seconds) from error
        record("ticket.created", run=run_id)
        answer = {"ticket": issued.ticket, "run": run_id, "expires_in": tickets.LIFETIME_SECONDS}
        return Response(answer, status=status.HTTP_201_CREATED, headers=LIMIT.left(issued.left))


def _credentials(request: Request) -> Credentials:
    """Return what the request was authenticated by, so that the socket ends with it."""
    user: Any = request.user  # logged in
    if request.auth is None:
        return Credentials(user.pk, session_key=request.session.session_key or "")
    return Credentials(user.pk, token_pk=request.auth.pk)
