"""Middleware for requests that come to Django without the ASGI application of `request_ids.asgi`, as in tests."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from request_ids.current import HEADER, bound, chosen, current


@sync_and_async_middleware
def identified(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Choose the identifier of a request that has none, and say it in its answer. It comes first."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        if current():
            response: HttpResponseBase = get_response(request)
            return response
        with bound(chosen(request.headers.get(HEADER, ""))):
            return _said(get_response(request))

    async def answered_asynchronously(request: HttpRequest) -> HttpResponseBase:
        if current():
            response: HttpResponseBase = await get_response(request)
            return response
        with bound(chosen(request.headers.get(HEADER, ""))):
            return _said(await get_response(request))

    return answered_asynchronously if inspect.iscoroutinefunction(get_response) else answered


def _said(response: HttpResponseBase) -> HttpResponseBase:
    response[HEADER] = current()
    return response
