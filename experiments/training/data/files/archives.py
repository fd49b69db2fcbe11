"""Read a data set's files inside a zip or .npz without extracting it; hostile archives are refused first."""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Literal, cast

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.folders import MAX_DEPTH, is_junk, stamp

MAX_ENTRIES = 200_000
MAX_DIRECTORY_BYTES = 32 * 2**20  # the table of contents, which zipfile reads at once
MAX_FILE_BYTES = 256 * 2**20
MAX_TOTAL_BYTES = 16 * 2**30
MAX_RATIO = 200  # of unpacked to packed size; photographs reach 10, flat bitmaps 100
RATIO_FREE_BYTES = 2**20  # small files may be as repetitive as they like
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile unpacks the others without a bound on memory
READ_ERRORS = (OSError, EOFError, zipfile.BadZipFile, zlib.error)
_DRIVE = re.compile(r"[A-Za-z]:")


class Archive:
    """The files of the zip at `path`, never extracted.

    `sizes` are those the archive declares; they bound every read.
    """

    kind: Literal["zip", "npz"]

    def __init__(self, path: Path, kind: Literal["zip", "npz"] = "zip") -> None:
        self.name = path.stem
        self.kind = kind
        self._file = _opened(path)
        try:
            self._zip = _contents(self._file, path.name)
            entries = self._zip.infolist()
            status = os.fstat(self._file.fileno())
            _refuse_hostile(entries, status.st_size, largest=MAX_FILE_BYTES if kind == "zip" else MAX_TOTAL_BYTES)
        except SourceError:
            self._file.close()
            raise
        self._entries = {entry.filename: entry for entry in sorted(entries, key=lambda e: e.filename) if _useful(entry)}
        self.sizes: Mapping[str, int] = {name: entry.file_size for name, entry in self._entries.items()}
        self.stamp = stamp([(path.name, status.st_size, status.st_mtime_ns)])

    def open(self, name: str) -> BinaryIO:
        """Open the entry `name` for reading, unpacked as it is read."""
        return cast(BinaryIO, self._zip.open(self._entries[name]))

    def identity(self, name: str) -> str:
        """Return the entry's size and checksum, which stay the same when the same data are packed again."""
        entry = self._entries[name]
        return f"{entry.file_size} {entry.CRC}"

    def close(self) -> None:
        """Close the zip."""
        self._zip.close()
        self._file.close()


class _BoundedFile(io.BufferedReader):
    """A file that refuses the one large read zipfile makes: a table of contents that would fill the memory."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:
            raise _error("The zip's table of contents is too large; pack fewer files.")
        return super().read(size)


def _opened(path: Path) -> _BoundedFile:
    try:
        return _BoundedFile(path)
    except OSError as error:
        raise _error(f"{path.name} cannot be read: {error.strerror}.") from error


def _contents(file: _BoundedFile, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except SourceError:
        raise
    except (*READ_ERRORS, NotImplementedError, ValueError, struct.error) as error:
        raise _error(f"{name} is not a zip file or is broken ({error}); pack it again.") from error


def _useful(entry: zipfile.ZipInfo) -> bool:
    return not entry.is_dir() and not any(map(is_junk, entry.filename.split("/")))


def _refuse_hostile(entries: list[zipfile.ZipInfo], packed: int, *, largest: int) -> None:
    if len(entries) > MAX_ENTRIES:
        raise _error(f"The zip has {len(entries):,} entries; at most {MAX_ENTRIES:,} are read.")
    for entry in entries:
        if problem := _problem(entry, largest):
            raise _error(f"The zip's entry {entry.filename!r} {problem}.")
    if len({entry.filename for entry in entries}) < len(entries):
        raise _error("The zip holds the same name twice; pack it again.")
    total = sum(entry.file_size for entry in entries)
    if total > MAX_TOTAL_BYTES:
        raise _error(f"The zip unpacks to {total / 2**30:.1f} GiB; at most {MAX_TOTAL_BYTES >> 30} GiB are read.")
    if total > RATIO_FREE_BYTES and total > packed * MAX_RATIO:
        raise _error(f"The zip unpacks to {total // packed} times its size (a zip bomb?); at most {MAX_RATIO}.")


def _problem(entry: zipfile.ZipInfo, largest: int) -> str | None:
    return _name_problem(entry.filename) or _kind_problem(entry) or _size_problem(entry, largest)


def _name_problem(name: str) -> str | None:
    if name.startswith("/") or _DRIVE.match(name):
        return "has an absolute path; pack it with relative ones"
    if "\\" in name:
        return "has a backslash in its name; pack it with '/' between folders"
    if ".." in name.split("/"):
        return "contains '..'; pack it with paths that stay inside the archive"
    if name.rstrip("/").count("/") > MAX_DEPTH:
        return f"lies more than {MAX_DEPTH} folders deep; pack a folder further in"
    return None


def _kind_problem(entry: zipfile.ZipInfo) -> str | None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "is a symbolic link; pack the file itself"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is not a regular file; leave it out of the archive"
    if entry.flag_bits & 0x1:
        return "is encrypted; pack it without a password"
    if entry.compress_type not in METHODS:
        return "uses an unusual compression; pack it with plain deflate"
    return None


def _size_problem(entry: zipfile.ZipInfo, largest: int) -> str | None:
    if entry.file_size > largest:
        return f"unpacks to {entry.file_size >> 20:,} MiB; at most {largest >> 20} MiB are read"
    if entry.file_size > max(RATIO_FREE_BYTES, entry.compress_size * MAX_RATIO):
        return f"unpacks to more than {MAX_RATIO} times its packed size (a zip bomb?)"
    return None


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
