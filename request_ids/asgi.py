"""Give each request and each WebSocket an identifier, before anything else looks at it.

It is outside of Django, so that static files and refusals have one too. Threads do not inherit it: what carries a
request into one binds it there again, by the scope.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from request_ids.current import HEADER, begin, chosen, new

Scope: TypeAlias = dict[str, Any]
Message: TypeAlias = dict[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Any, Any], Awaitable[None]]

KEY = "livetrain.request_id"
"""In the scope: the identifier."""
_HEADER = HEADER.lower().encode()


class RequestIds:
    """An ASGI application that chooses the identifier, and says it in the answer of the application inside."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        identifier = scope[KEY] = identifier_of(scope)
        begin(identifier)
        header = (_HEADER, identifier.encode())

        async def send_with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        # A socket's `send` stays as it is: what writes to many sockets at once looks at it.
        await self._application(scope, receive, send_with_header if scope["type"] == "http" else send)


def identifier_of(scope: Mapping[str, Any]) -> str:
    """Return the identifier that the client sent, once and safe, else a new one."""
    proposed = [value for name, value in scope.get("headers", ()) if name == _HEADER]
    return chosen(proposed[0].decode("latin-1")) if len(proposed) == 1 else new()
