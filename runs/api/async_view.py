"""A REST view that may wait: its handlers are coroutines, so a waiting client costs no thread."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user
from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from rest_framework.views import APIView

T = TypeVar("T")


async def called(work: Callable[..., T], *arguments: Any, **options: Any) -> T:
    """Call what waits for the database: in a thread, unless no event loop would have to wait for it."""
    return await sync_to_async(work)(*arguments, **options) if has_loop() else work(*arguments, **options)


def has_loop() -> bool:
    """Tell whether an event loop runs in this thread, which must not wait for anything else."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def completed(answer: Coroutine[Any, Any, T]) -> T:
    """Complete without an event loop what awaits nothing but `called`; making a loop takes longer than most answers.

    Raises RuntimeError where it awaits something else.
    """
    try:
        answer.send(None)
    except StopIteration as end:
        found: T = end.value
        return found
    answer.close()
    raise RuntimeError("It waits for an event loop, and there is none.")


class AsyncView(APIView):
    """An APIView whose `dispatch` awaits its handlers, which DRF's own does not."""

    waits_only_if_asked = False
    """Whether it never waits without the parameter `wait`; the web process then answers it like any other view."""

    async def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        """Check and answer the request as DRF does, awaiting a handler that is a coroutine."""
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            await called(self.initial, self.request, *args, **kwargs)
            method = (self.request.method or "").lower()
            handler = getattr(self, "get" if method == "head" else method, None)
            if handler is None or method not in self.http_method_names:
                handler = self.http_method_not_allowed
            response = handler(self.request, *args, **kwargs)
            response = await response if inspect.isawaitable(response) else response
        except Exception as error:
            response = self.handle_exception(error)
        return self.finalize_response(self.request, response, *args, **kwargs)

    def authenticate_again(self) -> None:
        """Find out again who asks, after a wait: login, token and rights may have ended meanwhile.

        Raises what a request that comes now would be refused with; else `request.user` is as it is now.
        """
        request = self.request
        _read_session_again(request._request)
        again = self.initialize_request(request._request, *self.args, **self.kwargs)
        self.perform_authentication(again)
        self.check_permissions(again)
        request.user = again.user


def _read_session_again(request: HttpRequest) -> None:
    """Take the user from the session as it is stored now; a request without one is left alone."""
    session: Any = getattr(request, "session", None)
    if session is not None and session.session_key:
        request.session = type(session)(session.session_key)
        request.user = get_user(request)


def release_connection() -> None:
    """Close the thread's database connection while a client waits; inside a transaction (tests) it stays."""
    if not connection.in_atomic_block:
        connection.close()
