"""Read the small pictures of the most confident errors that a run's training kept: `error_pictures.zip`."""

from __future__ import annotations

import base64
import io
import zipfile
import zlib
from collections.abc import Iterable
from typing import IO

from runs.files import run_files, store
from runs.models import Run

NAME = "error_pictures.zip"
MOST_BYTES = 32 * 2**20  # of the file; 192 pictures of 160 pixels a side in colour have a third of it
MOST_PICTURE_BYTES = 2**18
PNG = b"\x89PNG\r\n\x1a\n"
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, OSError, RuntimeError)


def addresses(run: Run, split: str, places: Iterable[int]) -> dict[int, str]:
    """Return `data:` addresses of the pictures of these samples, of those that have one. Raises StoreError."""
    try:
        with run_files.seekable(run, NAME) as file:
            if file.seek(0, io.SEEK_END) > MOST_BYTES:
                return {}
            file.seek(0)
            # An object store would be asked for each picture; of a file here only these are read.
            content = io.BytesIO(file.read(MOST_BYTES)) if store.in_use() else file
            return _undamaged(content, run.attempt, split, places)
    except FileNotFoundError:
        return {}


def _undamaged(content: IO[bytes], attempt: int, split: str, places: Iterable[int]) -> dict[int, str]:
    try:
        return _read(content, attempt, split, places)
    except DAMAGED:
        return {}  # the pictures can be drawn from the data, like all others


def _read(content: IO[bytes], attempt: int, split: str, places: Iterable[int]) -> dict[int, str]:
    """Read them, of an archive that is this attempt's: in those of others the rows are other samples."""
    found = {}
    with zipfile.ZipFile(content) as archive:
        if archive.comment not in (b"", f"attempt {attempt}".encode()):
            return {}
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        for place in places:
            name = f"{split}/{place}.png"
            if name in sizes and sizes[name] <= MOST_PICTURE_BYTES and (png := archive.read(name)).startswith(PNG):
                found[place] = data_address(png)
    return found


def data_address(png: bytes) -> str:
    """Return an address that holds the picture itself."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
