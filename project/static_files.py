"""Serve scripts, styles and pictures before Django: a page asks for dozens of them at once.

Through Django's middleware each takes a web process some ten milliseconds, in which it does nothing else.
"""

from __future__ import annotations

import gzip
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile
from whitenoise.string_utils import ensure_leading_trailing_slash

SMALLEST = 1_000
"""Smallest file that is compressed, in bytes."""
TEXTS = ("text/", "image/svg+xml", "application/json")
SAFE = {"X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin"}
ASKED = {b"accept-encoding", b"if-modified-since", b"if-none-match", b"range"}


class StaticFiles:
    """An ASGI application that serves the static files and passes everything else to the application inside.

    WhiteNoise finds them at the first request for one or by `find`, and knows which a browser has cached. Texts are
    compressed at the first request for them; the files are few.
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        self._prefix = ensure_leading_trailing_slash(urlsplit(settings.STATIC_URL).path)
        self._compressed: dict[str, bytes] = {}

    def find(self) -> None:
        """Find the files now, so that the first request for one does not wait for it."""
        _ = self._found

    @cached_property
    def _found(self) -> WhiteNoiseMiddleware:
        return WhiteNoiseMiddleware()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve the file at the path, or pass the request on."""
        file = self._file(scope["path"])
        if file is None:
            await self._application(scope, receive, send)
            return
        status, headers, body = self._answer(scope["path"], file, scope["method"], _asked(scope))
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": encoded})
        await send({"type": "http.response.body", "body": body})

    def _file(self, path: str) -> StaticFile | None:
        if not path.startswith(self._prefix):
            return None
        return self._found.find_file(path) if self._found.autorefresh else self._found.files.get(path)

    def _answer(
        self, path: str, file: StaticFile, method: str, asked: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        response = file.get_response(method, asked)
        headers = {**dict(response.headers), **SAFE}
        if response.file is None:
            return response.status, headers, b""
        with response.file:
            body = response.file.read()
        if response.status == HTTPStatus.OK and len(body) >= SMALLEST and headers["Content-Type"].startswith(TEXTS):
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in asked.get("HTTP_ACCEPT_ENCODING", ""):
                body = self._compress(f"{path} {headers['ETag']}", body)
                headers |= {"Content-Encoding": "gzip", "Content-Length": str(len(body))}
        return response.status, headers, body

    def _compress(self, version: str, body: bytes) -> bytes:
        if version not in self._compressed:
            self._compressed[version] = gzip.compress(body, mtime=0)
        return self._compressed[version]


def _asked(scope: dict[str, Any]) -> dict[str, str]:
    """Return the headers that matter, named as WSGI names them."""
    found = ((name, value) for name, value in scope["headers"] if name in ASKED)
    return {f"HTTP_{name.decode().upper().replace('-', '_')}": value.decode("latin-1") for name, value in found}
