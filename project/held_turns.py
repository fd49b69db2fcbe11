"""Middleware that ends the turns a request holds, however it is answered."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from runs.pauses.held_turns import release


@sync_and_async_middleware
def ends_turns(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """End the turns with the answer. It comes first: what the others make of the answer belongs to the turn."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase | None = None
        try:
            response = get_response(request)
        finally:
            release(request, response)
        return response

    async def answered_asynchronously(request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase | None = None
        try:
            response = await get_response(request)
        finally:
            release(request, response)
        return response

    return answered_asynchronously if inspect.iscoroutinefunction(get_response) else answered
