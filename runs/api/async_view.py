"""A REST view that may wait: its handlers are coroutines, so a waiting client costs no thread."""

from __future__ import annotations

import inspect
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from rest_framework.views import APIView


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
            await sync_to_async(self.initial)(self.request, *args, **kwargs)
            method = (self.request.method or "").lower()
            handler = getattr(self, "get" if method == "head" else method, None)
            if handler is None or method not in self.http_method_names:
                handler = self.http_method_not_allowed
            response = handler(self.request, *args, **kwargs)
            response = await response if inspect.isawaitable(response) else response
        except Exception as error:
            response = self.handle_exception(error)
        return self.finalize_response(self.request, response, *args, **kwargs)


def release_connection() -> None:
    """Close the thread's database connection while a client waits; inside a transaction (tests) it stays."""
    if not connection.in_atomic_block:
        connection.close()
