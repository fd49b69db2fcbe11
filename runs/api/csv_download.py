"""Answer with a CSV file for people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator
from contextlib import suppress

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

CONTENT_TYPE = "text/csv; charset=utf-8"


def csv_download(name: str, text: str) -> HttpResponse:
    """Respond with the text as a file; its mark of UTF-8 makes spreadsheets read names as they are."""
    return HttpResponse("\ufeff" + text, content_type=CONTENT_TYPE, headers=attachment_headers(name))


def csv_stream(name: str, pieces: Pieces) -> StreamingHttpResponse:
    """Respond with a file that is too large to be held whole, and is read by programs: without the mark."""
    return StreamingHttpResponse(pieces, content_type=CONTENT_TYPE, headers=attachment_headers(name))


def attachment_headers(name: str, *, inline: bool = False) -> dict[str, str]:
    """Return the headers of a private file that a browser saves under this name; `inline`: that it shows first."""
    return {
        "Content-Disposition": content_disposition_header(not inline, name) or "inline",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }


class Pieces:
    """A table as ASGI streams it: piece by piece, written outside the event loop, closed with the response.

    Of a plain iterator Django would collect all pieces before it sends one.
    """

    def __init__(self, first: bytes, rest: Generator[bytes]) -> None:
        self._first, self._rest = first, rest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the pieces."""
        yield self._first
        while (piece := await asyncio.to_thread(next, self._rest, None)) is not None:
            yield piece

    def close(self) -> None:
        """Close the file; one that a thread is still reading is closed when that has ended."""
        with suppress(ValueError):
            self._rest.close()
