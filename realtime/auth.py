"""Authentication of WebSockets: a browser by its session, a script by its API token or by a ticket.

| sent | result |
|---|---|
| a `Host` that is not allowed, an `Origin` that is not ours | closed with 4403, whatever else is sent |
| a ticket, as `?ticket=` | the user who asked for it; else closed with 4401 |
| a token, as header `Authorization: Token …` | its user, if active, in scope; else closed with 4401, and counted |
| a token, as `?token=` | closed with 4401: proxies log addresses; as the header where the settings allow it |
| a session and our `Origin` | its user, if logged in and active; else closed with 4401 |
| a session without `Origin` | closed with 4403: browsers always send one, and a stolen cookie is not enough |

Ours is the origin that the request itself names as `Host`, and those of `CSRF_TRUSTED_ORIGINS`. The port counts:
cookies are shared by all ports of a host, so a page served by some other program on this machine would otherwise read
everything. A page elsewhere has no use for a token either.

The same is checked again every minute, and at once when somebody announces that the user's rights changed: a session
that ended, a token taken back, a user no longer active close the socket with 4401. Of a ticket, which is spent by then,
what it stands for is checked. What the user may see is read along, and the endpoint decides what follows from it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.http import HttpRequest, parse_cookie
from django.http.request import split_domain_port, validate_host
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

from access.decisions import access_of
from accounts import needed_scopes
from accounts.credentials import user_of_stored_token, user_of_token
from accounts.models import APIToken
from audit.actor import Actor, acting
from audit.recording import record
from audit.via import Via
from realtime import tickets
from realtime.hubs import socket_access
from realtime.hubs.db_threads import logins
from realtime.hubs.socket_access import SocketAccess
from realtime.logins import failed_tries
from realtime.logins.client_address import address_of_scope
from realtime.tickets import Credentials
from realtime.wire.close_codes import NO_LOGIN, WRONG_ORIGIN, Refused
from request_ids.current import current
from runs.failures.thread_failures import Account

Scope: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[dict[str, Any]]]
Send: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_RUN = re.compile(r"/ws/runs/([0-9]{1,18})/?")
_SPENT = "livetrain.credentials"
"""In the scope of a socket that was opened by a ticket: what that stands for."""
_SECRETS = ("ticket", "token")

RECHECK_SECONDS = 60.0
RETRY_SECONDS = 1.0
"""After a look that failed at a socket on which nothing is sent until there was one."""
_account = Account("credentials")


class WrongToken(Refused):
    """Close the socket, as its token is not valid."""


class Authenticated:
    """ASGI middleware: puts the user's `SocketAccess` in the place of the credentials, or closes the socket.

    It is `scope["access"]`, and is renewed as long as the socket is open.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket, and close it when it is refused at its opening or later."""
        doubts = socket_access.doubts()
        try:
            user = await logins(_look, opened_by, scope)
        except Refused as refused:
            await receive()
            await send({"type": "websocket.accept"})
            await _close(send, refused)
            return
        access = SocketAccess(user)
        with socket_access.watching(user.pk, access, doubts):
            watch = asyncio.create_task(_watch(scope, send, access))
            try:
                await self._application(_without_credentials(scope) | {"access": access}, receive, send)
            finally:
                watch.cancel()


def _look(identified: Callable[[Scope], User], scope: Scope) -> User:
    """Read who opens the socket, and what they may see, which is kept on the user object; raises `Refused`."""
    user = identified(scope)
    access_of(user)
    return user


async def _watch(scope: Scope, send: Send, access: SocketAccess) -> None:
    """Close the socket when its credentials are no longer valid, or its user may no longer see what it shows."""
    while True:
        await access.wait_for_look(RECHECK_SECONDS)
        try:
            user = await logins(_look, identify, scope)
            if user.pk != access.user.pk:
                raise Refused(NO_LOGIN, "Somebody else logged in meanwhile.")
            await access.renew(user)
            _account.succeeded("looking whether credentials still hold")
        except Refused as refused:
            access.doubt()  # what is under way is not sent after it
            await _close(send, refused)
            return
        except Exception as error:
            # What fails here says nothing about the user, and must not be the last look
            _account.failed("looking whether credentials still hold", error, RECHECK_SECONDS)
            if access.doubtful:
                await asyncio.sleep(RETRY_SECONDS)
                access.doubt()


async def _close(send: Send, refused: Refused) -> None:
    await send({"type": "websocket.close", "code": refused.code, "reason": refused.reason})


def opened_by(scope: Scope) -> User:
    """Identify who opens this socket, or raise `Refused`; wrong tokens count together with those of requests."""
    try:
        return identify(scope)
    except WrongToken:
        nobody = Actor(Via.NOBODY, address=address_of_scope(scope), request_id=current())
        with acting(lambda: nobody):
            record("token.refused")
        if failed_tries.too_many(address_of_scope(scope), failed_tries.TOKENS):
            reason = "Too many wrong tokens came from this address. A right one is accepted at once."
            raise Refused(NO_LOGIN, reason) from None
        raise


def identify(scope: Scope) -> User:
    """Return the active user who opens this socket, or raise `Refused`. Synchronous database access."""
    headers = {name.decode("latin1").lower(): value.decode("latin1") for name, value in scope["headers"]}
    origin = headers.get("origin")
    _check_place(headers.get("host", ""), origin)
    query = dict(_query(scope))
    if "token" in query and not settings.TOKENS_IN_ADDRESSES:
        raise Refused(
            NO_LOGIN, "No token in an address: send Authorization: Token …, or ?ticket= of POST /api/tickets/."
        )
    if "ticket" in query:
        return _user_of_ticket(scope, query["ticket"])
    token = _token(headers, query)
    if token is not None:
        return _in_scope(lambda: user_of_token(token))
    user = _user_of_session(parse_cookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME))
    if origin is None:
        raise Refused(WRONG_ORIGIN, "A session counts only with the Origin header that browsers send.")
    return user


def _check_place(host: str, origin: str | None) -> None:
    """Require a `Host` that is allowed, as of any request, and an `Origin` that is ours; raises `Refused`."""
    if not _is_allowed(host):
        raise Refused(WRONG_ORIGIN, "This host name is not among the server's: LIVETRAIN_ALLOWED_HOSTS.")
    if origin is not None and not is_ours(origin, host):
        raise Refused(WRONG_ORIGIN, "Pages of another origin may not listen.")


def _is_allowed(host: str) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def is_ours(origin: str, host: str) -> bool:
    """Tell whether pages of `origin` (scheme://host[:port]) are served by this server, addressed as `host`."""
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    schemes = ("https",) if settings.HTTPS else ("http", "https")
    return parts.scheme in schemes and parts.netloc.lower() == host.lower() and _is_allowed(host)


def _token(headers: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "token" else query.get("token")


def _in_scope(look: Callable[[], tuple[User, APIToken]]) -> User:
    """Return the user whose token is found; raises `Refused`."""
    try:
        user, found = look()
        needed_scopes.check(found, needed_scopes.WEBSOCKET)
    except AuthenticationFailed:
        raise WrongToken(NO_LOGIN, "The token is not valid, has expired, or its user is not active.") from None
    except PermissionDenied as denied:
        raise Refused(NO_LOGIN, str(denied.detail)) from None
    return user


def _user_of_session(key: str | None) -> User:
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user = get_user(request)
    if not isinstance(user, User):
        raise Refused(NO_LOGIN, "Log in, or send an API token.")
    return user


def _user_of_ticket(scope: Scope, ticket: str) -> User:
    """Return the user that the ticket stands for; it is spent once, and what it stands for kept for later looks."""
    if _SPENT not in scope:
        run = _RUN.fullmatch(scope["path"])
        scope[_SPENT] = tickets.spend(ticket, int(run[1]) if run else None)
    credentials: Credentials = scope[_SPENT]
    token_pk = credentials.token_pk
    user = (
        _user_of_session(credentials.session_key)
        if token_pk is None
        else _in_scope(lambda: user_of_stored_token(token_pk))
    )
    if user.pk != credentials.user_id:
        raise Refused(NO_LOGIN, "Somebody else logged in meanwhile.")
    return user


def _query(scope: Scope) -> list[tuple[str, str]]:
    return parse_qsl(scope["query_string"].decode("latin1"), keep_blank_values=True)


def _without_credentials(scope: Scope) -> Scope:
    """Return the scope for the application, which needs no credentials and so cannot log any."""
    query = urlencode([(name, value) for name, value in _query(scope) if name not in _SECRETS])
    headers = [(name, value) for name, value in scope["headers"] if name.lower() not in (b"authorization", b"cookie")]
    kept = {name: value for name, value in scope.items() if name != _SPENT}
    return kept | {"query_string": query.encode(), "headers": headers}
