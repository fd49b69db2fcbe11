"""Record logins, failed and refused ones, and logouts, of which Django tells by its own signals.

Whatever logs in, a page, the admin or an identity provider, sends them.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from accounts.sign_on.backend import BACKEND
from audit.recording import record
from realtime.logins import failed_tries

SHOWN_OF_UNKNOWN = 3
"""Characters that are recorded of a name that nobody has: it may be a password, typed into the wrong field."""


def listen() -> None:
    """Listen from now on; before django-axes does, which marks the try that is one too many as refused."""
    user_logged_in.connect(_logged_in, dispatch_uid="audit")
    user_logged_out.connect(_logged_out, dispatch_uid="audit")
    user_login_failed.connect(_login_failed, dispatch_uid="audit")


def shown_name(name: str) -> str:
    """Return the name that was tried as it is recorded."""
    if not name or User.objects.filter(username=name).exists():
        return name
    return f"{name[:SHOWN_OF_UNKNOWN]}…"


def _logged_in(request: HttpRequest, user: User, **_unused: Any) -> None:
    record("login.succeeded", target=user, user=user, by=_way(request))


def _logged_out(request: HttpRequest, user: User | None, **_unused: Any) -> None:  # noqa: ARG001
    if user is not None:
        record("logout", target=user, user=user)


def _login_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_unused: Any) -> None:
    if getattr(request, "axes_locked_out", False):
        record("login.refused")
    else:
        record("login.failed", target=shown_name(failed_tries.name_of(request, credentials)))


def _way(request: HttpRequest) -> str:
    """Say what a user has logged in by."""
    match = getattr(request, "resolver_match", None)
    if match is not None and match.view_name == "login-once":
        return "one-time link"
    return "single sign-on" if request.session.get(BACKEND_SESSION_KEY) == BACKEND else "password"
