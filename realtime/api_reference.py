"""The operation that opens WebSockets to programs that cannot send a header with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from realtime.ticket_views import TicketOptions
from runs.api_reference.operation import Operation

TAG = "Tokens"


class Ticket(TypedDict):
    """A ticket for one WebSocket, of one run or of any, and for how many seconds it is valid."""

    ticket: str
    run: int | None
    expires_in: float


OPERATIONS: Mapping[str, Operation] = {
    "POST tickets": Operation(
        summary="Get a ticket for a WebSocket",
        description="`/ws/runs/3/?ticket=…` then opens once, and ends with the login or token that asked.",
        body=TicketOptions,
        is_body_required=False,
        answers={201: Ticket},
        refusals={404: "The run does not exist, or is not yours to see."},
    ),
}
