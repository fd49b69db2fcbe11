"""Failed tries to log in, counted by django-axes: per address and name, and per address for what has no name.

Where `REDIS_URL` is set they are in Redis, else in the database: all web processes count together.
"""

from __future__ import annotations

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.http import HttpRequest

from runs.pauses.rate_limits import Limit

TOKENS, LINKS, ANY_NAME = "(API tokens)", "(login links)", "(any name)"
SHARE_LINKS, SIGN_ONS, CALLBACKS = "(share links)", "(single sign-on)", "(callbacks of no login)"
"""What is counted without a name; no user can be called so."""
ANYWHERE = "255.255.255.255"
"""Stands for every address, and is that of no client: what is counted per user."""
_TIMES = {TOKENS: 4, LINKS: 4, SHARE_LINKS: 4, ANY_NAME: 20, SIGN_ONS: 20, CALLBACKS: 20}
"""How many times the tries of a name: several programs and people may share an address."""
_TOLD = {TOKENS: "wrong-tokens", LINKS: "login-links"}
"""How clients know it; all else are logins."""
LONGEST_NAME = 150
_NAME = "username"


def limit(_request: HttpRequest | None, credentials: dict[str, Any] | None) -> int:
    """Return how many tries may fail; what `AXES_FAILURE_LIMIT` names."""
    return int(settings.LOGIN_TRIES) * _TIMES.get(name_of(None, credentials), 1)


def name_of(_request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    """Return the name as it is counted, in a form that fits a table and a line of the log; `AXES_USERNAME_CALLABLE`."""
    name = str((credentials or {}).get(_NAME) or "")[:LONGEST_NAME]
    return "".join(character if character.isprintable() else "?" for character in name)


def of_old_password(user_pk: int | None) -> str:
    """Return what stands for a name where a user is asked for the old password."""
    return f"(old password of user {user_pk})"


def prepare(request: HttpRequest) -> None:
    """Let tries be told apart by address and name alone: what else a client sends, it may change each time."""
    AxesProxyHandler.update_request(request)
    request.axes_user_agent = request.axes_http_accept = ""  # type: ignore[attr-defined]


def is_locked(address: str, of: str) -> bool:
    """Tell whether too many tries of that address have failed."""
    return bool(AxesProxyHandler.is_locked(_request_from(address), {_NAME: of}))


def count(address: str, of: str) -> None:
    """Count a failed try of that address."""
    AxesProxyHandler.user_login_failed(__name__, {_NAME: of}, _request_from(address))


def too_many(address: str, of: str) -> bool:
    """Count a failed try; True: there were too many before, and this one is not counted."""
    if is_locked(address, of):
        return True
    count(address, of)
    return False


def limit_of(of: str) -> Limit:
    """Return how many tries of that may fail, as it is told to clients; of a name it does not say which."""
    return Limit(_TOLD.get(of, "logins"), limit(None, {_NAME: of}), lock_seconds())


def lock_seconds() -> int:
    """Return how long one is locked, in seconds."""
    return max(1, round(settings.AXES_COOLOFF_TIME.total_seconds()))


def _request_from(address: str) -> HttpRequest:
    """Return a request that has nothing but an address: no form is read, and nothing of it is stored."""
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = address
    prepare(request)
    return request
