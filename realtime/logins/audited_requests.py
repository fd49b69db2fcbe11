"""Middleware that lets the audit trail know who sends a request, how and from where."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import BACKEND_SESSION_KEY
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from accounts.models import APIToken
from accounts.sign_on.backend import BACKEND
from audit.actor import Actor, acting
from audit.via import Via
from realtime.logins.client_address import address_of
from request_ids.current import current


@sync_and_async_middleware
def audited(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Record what happens while a request is answered as done by who sent it."""
    if not inspect.iscoroutinefunction(get_response):

        def answered(request: HttpRequest) -> HttpResponseBase:
            with acting(lambda: actor_of(request)) as source:
                try:
                    response: HttpResponseBase = get_response(request)
                finally:
                    source.write_postponed()
            return response

        return answered

    async def answered_later(request: HttpRequest) -> HttpResponseBase:
        with acting(lambda: actor_of(request)) as source:
            try:
                response: HttpResponseBase = await get_response(request)
            finally:
                if source.postponed:
                    await sync_to_async(source.write_postponed)()
        return response

    return answered_later


def actor_of(request: HttpRequest) -> Actor:
    """Return who sends a request: by the API token it was authenticated with, else by its session, else nobody."""
    user: Any = getattr(request, "user", None)
    token = getattr(request, "auth", None)
    known = user is not None and user.is_authenticated
    return Actor(
        via=_via(request, token) if known else Via.NOBODY,
        user_id=user.pk if known else None,
        user_name=user.get_username() if known else "",
        credential=str(token) if known and isinstance(token, APIToken) else "",
        address=address_of(request),
        request_id=current(),
    )


def _via(request: HttpRequest, token: object) -> Via:
    if isinstance(token, APIToken):
        return Via.TOKEN
    session = getattr(request, "session", None)
    backend = session.get(BACKEND_SESSION_KEY) if session is not None else None
    return Via.SSO if backend == BACKEND else Via.SESSION
