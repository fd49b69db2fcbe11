"""Django over ASGI, with one change of threads for a request instead of one for each middleware's two methods.

Django's own handler takes a new thread for each request, and with it a new connection to the database, and changes to
it and back some twenty times, as Django's middleware is synchronous. Here a request that a synchronous view answers is
answered whole, from the first middleware to the last, in one of few threads that keep their connections; one whose view
is marked by `answered_at_once` needs no thread. Asynchronous views that may wait for long have Django's own handler.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import nullcontext
from functools import cached_property, lru_cache
from http import HTTPStatus
from typing import Any, TypeAlias, TypeVar, cast
from urllib.parse import unquote_to_bytes

from asgiref.sync import ThreadSensitiveContext, iscoroutinefunction, sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import connections
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.http.request import HttpRequest
from django.urls import Resolver404, ResolverMatch, URLResolver, get_resolver, set_script_prefix

from experiments.server.waiting_requests import only_waiting
from project import error_answers
from project.request_threads import RequestThreads
from realtime.logins.early_refusals import in_its_place
from request_ids.asgi import KEY as REQUEST_ID
from request_ids.current import bound
from runs.api.async_view import completed
from runs.problems import problem_types
from runs.problems.problem_details import problem_answer

Scope: TypeAlias = dict[str, Any]
Message: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
PATHS_KNOWN, LONGEST_KNOWN = 1_024, 200
"""How many paths of which the views are remembered, and how many characters they may have."""
V = TypeVar("V", bound=Callable[..., HttpResponseBase])
IN_MEMORY = 64 * 2**10
"""Bytes of a body that need no temporary file."""


def answered_at_once(view: V) -> V:
    """Mark a view that neither waits nor asks the database, so that it needs no thread."""
    view.answered_at_once = True  # type: ignore[attr-defined]
    return view


class _SyncHandler(BaseHandler):
    """The synchronous middleware and views, for requests whose view is known already."""

    def __init__(self) -> None:
        super().__init__()
        self.load_middleware()

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """Return what the address was resolved to before."""
        return request.resolver_match or super().resolve_request(request)


class HTTPApplication(ASGIHandler):
    """The ASGI application of all requests over HTTP."""

    def __init__(self) -> None:
        super().__init__()
        self._handler = _SyncHandler()

    @cached_property
    def _threads(self) -> RequestThreads:
        return RequestThreads()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        view = in_its_place(_view_of(scope["path"].removeprefix(get_script_prefix(scope))), scope)
        if view is not None and iscoroutinefunction(view.func) and _may_wait(view, scope):
            with only_waiting() if scope["method"] in ("GET", "HEAD") else nullcontext():
                await self._answer_asynchronously(scope, receive, send)
            return
        body = await self._body(receive)
        if body is None:
            return
        request, refusal = self.create_request(scope, body)
        if request is None:
            await self.send_response(_in_words(scope, cast("HttpResponse", refusal)), send)
        elif view is not None and getattr(view.func, "answered_at_once", False):
            await self.send_response(self._answer(request, view, scope), send)
        else:
            if view is not None and iscoroutinefunction(view.func):
                view = _without_waiting(view)
            response = await self._threads(self._answer, request, view, scope)
            await (self._stream if response.streaming else self._send_whole)(response, receive, send)
        body.close()

    async def _answer_asynchronously(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as Django does; its thread ends with the request, so the connection must not outlive it."""
        async with ThreadSensitiveContext():
            try:
                await self.handle(scope, receive, send)
            finally:
                await sync_to_async(connections.close_all)()

    async def _body(self, receive: Receive) -> Any:
        """Return the body as a file, in memory where it is small; None if the client left before its end."""
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            body = message.get("body", b"")
            if len(body) <= IN_MEMORY:
                return io.BytesIO(body)
        pending = [message]

        async def again() -> Message:
            return pending.pop() if pending else await receive()

        try:
            return await self.read_body(again)
        except RequestAborted:
            return None

    def _answer(self, request: ASGIRequest, view: ResolverMatch | None, scope: Scope) -> HttpResponseBase:
        """Let middleware and view answer in the present thread; what is not streamed is whole then, and closed."""
        with bound(scope.get(REQUEST_ID, "")):
            return self._answered(request, view, scope)

    def _answered(self, request: ASGIRequest, view: ResolverMatch | None, scope: Scope) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request.resolver_match = view
        response = self._handler.get_response(request)
        response._handler_class = self.__class__  # type: ignore[attr-defined]  # what `close` sends its signal as
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size  # as Django's handler does: fewer and larger messages
        if not response.streaming:
            response.close()
        return response

    async def _send_whole(self, response: HttpResponseBase, _receive: Receive, send: Send) -> None:
        await self.send_response(response, send)

    async def _stream(self, response: HttpResponseBase, receive: Receive, send: Send) -> None:
        """Send piece by piece until the end, or until the client leaves."""
        async with ThreadSensitiveContext():
            sending = asyncio.create_task(self.send_response(response, send))
            leaving = asyncio.create_task(_left(receive))
            try:
                await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (sending, leaving):
                    task.cancel()
                await asyncio.wait([sending, leaving])
                await self._threads(response.close)
            if not sending.cancelled():
                sending.result()


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _in_words(scope: Scope, refusal: HttpResponse) -> HttpResponse:
    """Say in JSON to a program what Django says of a request that it cannot read."""
    if not scope["path"].startswith(error_answers.API):
        return refusal
    if refusal.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return problem_answer(problem_types.BODY_TOO_LONG, error_answers.BAD_REQUEST)
    return problem_answer(problem_types.BAD_REQUEST, error_answers.BAD_REQUEST)


def _may_wait(view: ResolverMatch, scope: Scope) -> bool:
    """Tell whether an asynchronous view may wait; one that is not asked to is quicker in a thread."""
    only_if_asked = getattr(getattr(view.func, "cls", None), "waits_only_if_asked", False)
    return not only_if_asked or b"wait" in unquote_to_bytes(scope.get("query_string", b""))


def _without_waiting(view: ResolverMatch) -> ResolverMatch:
    """Return the same match with a synchronous function, for an asynchronous view that will not wait."""
    match: Any = view  # which has more than its types tell
    answer: Callable[..., Coroutine[Any, Any, HttpResponseBase]] = match.func

    def synchronous(request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponseBase:
        return completed(answer(request, *arguments, **options))

    marks = {name: mark for name, mark in vars(answer).items() if not name.startswith("_is_coroutine")}
    synchronous.__dict__.update(marks)
    return ResolverMatch(
        synchronous,
        match.args,
        match.kwargs,
        match.url_name,
        match.app_names,
        match.namespaces,
        match.route,
        match.tried,
        match.captured_kwargs,
        match.extra_kwargs,
    )


def _view_of(path: str) -> ResolverMatch | None:
    resolver = get_resolver()
    return _resolved(resolver, path) if len(path) <= LONGEST_KNOWN else _resolved.__wrapped__(resolver, path)


@lru_cache(PATHS_KNOWN)
def _resolved(resolver: URLResolver, path: str) -> ResolverMatch | None:
    """Find the view of a path: looking through some hundred patterns takes longer than many an answer."""
    try:
        return resolver.resolve(path)
    except Resolver404:
        return None
