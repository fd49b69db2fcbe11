"""All files of a run as one zip, written while it is sent: memory holds one piece of one file."""

from __future__ import annotations

import asyncio
import io
import logging
import zipfile
from collections.abc import AsyncIterator, Sequence
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from runs.api.async_view import release_connection
from runs.api.csv_download import attachment_headers
from runs.api.heavy_requests import EXPORTS
from runs.api.recorded_reading import record_download
from runs.api.views import ReadingView
from runs.files import run_files
from runs.files.local_files import Content, RunFile
from runs.models import Run

logger = logging.getLogger(__name__)

COMPRESSED = (".ckpt", ".parquet", ".zip", ".gz", ".png", ".jpg", ".npz")
"""What gains little by being compressed again, and would cost the server much."""
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can name."""


class RunArchive(ReadingView):
    """Every file of the run in one zip, streamed as an attachment."""

    heavy = EXPORTS

    def get(self, request: Request, run_id: int) -> HttpResponseBase:
        """Stream the zip; 404 without a file."""
        run = Run(pk=self.head_of(run_id).id)
        files = run_files.listed(run)
        if not files:
            raise NotFound(f"Run {run_id} has no files.")
        headers = attachment_headers(f"run-{run_id}.zip")
        if request.method == "HEAD":
            return HttpResponse(content_type="application/zip", headers=headers)
        record_download(request, "archive.downloaded", run_id, files=len(files))
        return StreamingHttpResponse(ZipStream(run, files), content_type="application/zip", headers=headers)


class ZipStream:
    """A zip of these files of a run, as ASGI streams it; files that are gone by their turn are left out.

    Each file has at most the bytes that it had at its turn, also where it grows meanwhile.
    """

    def __init__(self, run: Run, files: Sequence[RunFile]) -> None:
        self._run, self._files = run, files
        self._open: Content | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the zip piece by piece. Raises StoreError, which breaks the download off: half a zip opens nowhere."""
        outlet = Outlet()
        archive = zipfile.ZipFile(outlet, "w")
        for file in self._files:
            async for piece in self._member(archive, outlet, file):
                yield piece
        archive.close()
        yield outlet.taken()

    def close(self) -> None:
        """Close the file that is being read."""
        if self._open is not None:
            self._open.close()
            self._open = None

    async def _member(self, archive: zipfile.ZipFile, outlet: Outlet, file: RunFile) -> AsyncIterator[bytes]:
        try:
            self._open = await sync_to_async(_opened)(self._run, file.name)
        except FileNotFoundError:
            logger.info("run %s: %s is gone, and not in the zip", self._run.pk, file.name)
            return
        with archive.open(_entry(self._run, file), "w", force_zip64=True) as member:
            async for chunk in self._open:
                await asyncio.to_thread(member.write, chunk)
                yield outlet.taken()
        self.close()


class Outlet(io.RawIOBase):
    """Keeps what the zip writes until it is sent; it cannot be sought in, so sizes stand behind each file."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Keep what is written, and return its length."""
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def taken(self) -> bytes:
        """Return what was written since the last call."""
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found


def _opened(run: Run, name: str) -> Content:
    """Open one file; the database, which an object store asks for it, need not wait for the download."""
    try:
        return run_files.opened(run, name)
    finally:
        release_connection()


def _entry(run: Run, file: RunFile) -> zipfile.ZipInfo:
    """Describe the file in a folder named after the run; no name leads out of it, not even on Windows."""
    name = file.name.replace("\\", "_")
    entry = zipfile.ZipInfo(f"run-{run.pk}/{name}", max(file.modified.timetuple()[:6], EARLIEST))
    entry.external_attr = 0o644 << 16
    if not name.endswith(COMPRESSED):
        entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
