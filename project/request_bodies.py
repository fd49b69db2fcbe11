"""Measure and limit the length of a request's body.

A body sent in chunks announces no length, and Django REST Framework treats it as empty. So its length is measured
before Django sees the request. Refusing a body by its length is the same for both kinds.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.decorators import sync_and_async_middleware

from runs.problems import problem_types
from runs.problems.problem_details import problem_answer

JSON_LIMIT = 64 * 2**10
"""In bytes; the longest request of this API, 500 runs with their tags, has 15 KiB."""
SEND_LESS = "Send less at once."
Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]


class MeasuredBodies:
    """An ASGI application that adds `Content-Length` to a request without it, from its body.

    The web server has the whole body before it calls an application, and has limited it (`body_limit.BoundedRequest`).
    """

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Any) -> None:
        """Measure the body if its length is not announced, and pass the request on."""
        names = {name for name, _ in scope["headers"]}
        if b"content-length" not in names and b"transfer-encoding" in names:
            arrived = await _arrived(receive)
            length = sum(len(message.get("body", b"")) for message in arrived)
            scope = scope | {"headers": [*scope["headers"], (b"content-length", str(length).encode())]}
            receive = _again(arrived, receive)
        await self._application(scope, receive, send)


async def _arrived(receive: Receive) -> list[Message]:
    """Receive all messages of one body, or up to the end of the connection."""
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _again(messages: list[Message], receive: Receive) -> Receive:
    """Return a `receive` that repeats the messages before it receives new ones."""
    left = iter(messages)

    async def first_those() -> Message:
        message = next(left, None)
        return await receive() if message is None else message

    return first_those


@sync_and_async_middleware
def body_limit(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Answer 413 to a request of the REST API whose body is longer than its view takes: `body_limit`, or `JSON_LIMIT`.

    It comes before the login check, which needs nothing of the body.
    """
    if not inspect.iscoroutinefunction(get_response):
        return lambda request: _refusal(request) or get_response(request)

    async def limited(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = _refusal(request) or await get_response(request)
        return response

    return limited


def _refusal(request: HttpRequest) -> HttpResponse | None:
    length = _length(request)
    if length <= JSON_LIMIT or not request.path_info.startswith("/api/"):
        return None
    limit, cure = _limit_of(request.path_info)
    if length <= limit:
        return None
    detail = f"The body has {length:,} bytes; this address takes at most {limit:,}. {cure}"
    return problem_answer(problem_types.BODY_TOO_LONG, detail)


def _length(request: HttpRequest) -> int:
    """Return the announced length in bytes; 0 for anything that is not a number, as Django does."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _limit_of(path: str) -> tuple[int, str]:
    """Return how long a body may be, and what to do with a longer one: the view's `body_cure`, or to send less."""
    try:
        view = getattr(resolve(path).func, "cls", None)
    except Resolver404:
        view = None
    return int(getattr(view, "body_limit", JSON_LIMIT)), str(getattr(view, "body_cure", SEND_LESS))
