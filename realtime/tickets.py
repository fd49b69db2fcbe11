"""Tickets that open one WebSocket: a secret in an address is logged by proxies, so it must be worthless by then.

A ticket is random, lives for seconds and is spent by the first socket that brings it, whichever web process serves it:
all of them share the database, which keeps its digest. It stands for the session or token that asked for it.
"""

from __future__ import annotations

import hashlib
import math
import re
import secrets
from datetime import timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import Count, Min
from django.utils import timezone

from realtime.models import SocketTicket
from realtime.wire.close_codes import NO_LOGIN, Refused

LIFETIME_SECONDS = 30
MOST_UNUSED = 100
"""Tickets that a user may have at once and has not used; a program needs one for each socket that it opens."""
_TAKE = f"""
DELETE FROM "{SocketTicket._meta.db_table}" WHERE digest = %s
RETURNING only_run, user_id, session_key, token_pk, expires_at > %s
"""  # noqa: S608  (names of tables)
# Written here: the ORM asks twice, in a transaction, which takes as long as all else at the opening of a socket.
_TICKET = re.compile(r"[\w-]{43}", re.ASCII)


class Credentials(NamedTuple):
    """What a request was authenticated by: the key of its session, or the primary key of its token."""

    user_id: int
    session_key: str = ""
    token_pk: int | None = None


class TooManyTickets(Exception):
    """The user has too many that were not used; `seconds` until the first of them is over."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many tickets, for {seconds} seconds.")
        self.seconds = seconds


class Issued(NamedTuple):
    """A ticket, and how many more the user may have now."""

    ticket: str
    left: int


def issue(credentials: Credentials, only_run: int | None = None) -> Issued:
    """Make a ticket for one socket, of that run alone if one is given, and forget those that were never used.

    Raises TooManyTickets. Requests at the same moment may exceed the limit by their number.
    """
    now = timezone.now()
    SocketTicket.objects.filter(expires_at__lte=now).delete()
    unused = SocketTicket.objects.filter(user_id=credentials.user_id)
    found = unused.aggregate(number=Count("pk"), first=Min("expires_at"))
    if found["number"] >= MOST_UNUSED:
        raise TooManyTickets(max(1, math.ceil((found["first"] - now).total_seconds())))
    ticket = secrets.token_urlsafe(32)
    SocketTicket.objects.create(
        digest=_digest(ticket),
        user_id=credentials.user_id,
        only_run=only_run,
        session_key=credentials.session_key,
        token_pk=credentials.token_pk,
        expires_at=now + timedelta(seconds=LIFETIME_SECONDS),
    )
    return Issued(ticket, MOST_UNUSED - found["number"] - 1)


def spend(ticket: str, run_id: int | None) -> Credentials:
    """Use the ticket up for a socket of that run, or of no single one; return what it stands for. Raises `Refused`.

    Of two sockets that bring it at once, only one has it. A ticket that is brought to the wrong address is spent too.
    """
    found = _taken(_digest(ticket)) if _TICKET.fullmatch(ticket) else None
    if found is None:
        raise Refused(NO_LOGIN, "The ticket was used or has expired: ask POST /api/tickets/ for another.")
    only_run, credentials = found
    if only_run not in (None, run_id):
        raise Refused(NO_LOGIN, f"The ticket is for run {only_run} alone.")
    return credentials


def _taken(digest: str) -> tuple[int | None, Credentials] | None:
    """Remove a ticket, in one statement of which one client alone gets the row; None: there is none, or it is old."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [digest, connection.ops.adapt_datetimefield_value(timezone.now())])
        row = cursor.fetchone()
    if row is None or not row[-1]:
        return None
    only_run, *credentials, _ = row
    return only_run, Credentials(*credentials)


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
