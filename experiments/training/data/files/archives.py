"""Read a data set's files inside a zip or .npz without extracting it; hostile archives are refused first."""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Literal, cast

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.folders import MAX_DEPTH, is_junk, stamp

MAX_ENTRIES = 200_000
MAX_DIRECTORY_BYTES = 32 * 2**20  # the table of contents, which zipfile reads at once
MAX_FILE_BYTES = 256 * 2**20
MAX_TOTAL_BYTES = 16 * 2**30
MAX_RATIO = 200  # of unpacked to packed size; photographs reach 10, flat bitmaps 100
RATIO_FREE_BYTES = 2**20  # small files may be as repetitive as they like
CURES = {"zip": "unpack it inside a data root, and name that folder", "npz": "save fewer images in it"}
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile unpacks the others without a bound on memory
READ_ERRORS = (OSError, EOFError, zipfile.BadZipFile, zlib.error)
_DRIVE = re.compile(r"[A-Za-z]:")


class Archive:
    """The files of the zip at `path`, never extracted.

    `sizes` are those the archive declares; they bound every read.
    """

    kind: Literal["zip", "npz"]
    links: Mapping[str, str] = MappingProxyType({})

    def __init__(self, path: Path, kind: Literal["zip", "npz"] = "zip") -> None:
        self.name = path.stem
        self.kind = kind
        self._file = _opened(path)
        try:
            self._zip = _contents(self._file, path.name)
            entries = self._zip.infolist()
            status = os.fstat(self._file.fileno())
            _refuse_hostile(entries, status.st_size, kind)
        except SourceError:
            self._file.close()
            raise
        self.sizes: Mapping[str, int] = dict(sorted(_useful(entries)))
        self.empty: Sequence[str] = _empty(entries, self.sizes)
        self.stamp = stamp([(path.name, status.st_size, status.st_mtime_ns)])

    def open(self, name: str) -> BinaryIO:
        """Open the entry `name` for reading, unpacked as it is read."""
        return cast(BinaryIO, self._zip.open(name))

    def identity(self, name: str) -> str:
        """Return the entry's size and checksum, which stay the same when the same data are packed again."""
        entry = self._zip.getinfo(name)
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
            raise _error(f"The zip's table of contents is larger than {MAX_DIRECTORY_BYTES >> 20} MiB; {CURES['zip']}.")
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


def _useful(entries: Iterable[zipfile.ZipInfo]) -> Iterator[tuple[str, int]]:
    """Yield names and sizes of the files that a layout may need; each folder is judged once."""
    judged: dict[str, bool] = {"": True}
    for entry in entries:
        folder, _, name = entry.filename.rpartition("/")
        if folder not in judged:
            parts = folder.split("/")
            judged[folder] = not any(map(is_junk, parts))
        if name and judged[folder] and not is_junk(name):  # the name of a folder ends with its slash
            yield entry.filename, entry.file_size


def _empty(entries: Iterable[zipfile.ZipInfo], files: Iterable[str]) -> list[str]:
    """List the folders that hold neither files nor folders."""
    folders = [entry.filename.rstrip("/") for entry in entries if entry.filename.endswith("/")]
    if not folders:
        return []
    filled = {name.rpartition("/")[0] for name in (*files, *folders)}
    return [name for name in folders if name not in filled and not any(map(is_junk, name.split("/")))]


def _refuse_hostile(entries: list[zipfile.ZipInfo], packed: int, kind: Literal["zip", "npz"]) -> None:
    cure = CURES[kind]
    if len(entries) > MAX_ENTRIES:
        raise _error(f"The zip has {len(entries):,} entries; at most {MAX_ENTRIES:,} are read: {cure}.")
    largest = MAX_FILE_BYTES if kind == "zip" else MAX_TOTAL_BYTES
    for entry in entries:
        if problem := _problem(entry, largest, cure):
            raise _error(f"The zip's entry {entry.filename!r} {problem}.")
    if len({entry.filename for entry in entries}) < len(entries):
        raise _error("The zip holds the same name twice; pack it again.")
    total = sum(entry.file_size for entry in entries)
    if total > MAX_TOTAL_BYTES:
        size = f"{total / 2**30:.1f} GiB; at most {MAX_TOTAL_BYTES >> 30} GiB are read"
        raise _error(f"The zip unpacks to {size}: {cure}.")
    if total > RATIO_FREE_BYTES and total > packed * MAX_RATIO:
        raise _error(f"The zip unpacks to {total // packed} times its size (a zip bomb?); at most {MAX_RATIO}.")


def _problem(entry: zipfile.ZipInfo, largest: int, cure: str) -> str | None:
    return _name_problem(entry.filename) or _kind_problem(entry) or _size_problem(entry, largest, cure)


def _name_problem(name: str) -> str | None:
    if name.startswith("/") or (name[1:2] == ":" and _DRIVE.match(name)):
        return "has an absolute path; pack it with relative ones"
    if "\\" in name:
        return "has a backslash in its name; pack it with '/' between folders"
    if ".." in name and ".." in name.split("/"):
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


def _size_problem(entry: zipfile.ZipInfo, largest: int, cure: str) -> str | None:
    if entry.file_size > largest:
        return f"unpacks to {entry.file_size >> 20:,} MiB; at most {largest >> 20} MiB are read: {cure}"
    if entry.file_size > max(RATIO_FREE_BYTES, entry.compress_size * MAX_RATIO):
        return f"unpacks to more than {MAX_RATIO} times its packed size (a zip bomb?)"
    return None


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
