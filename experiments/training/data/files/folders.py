"""Read a data set's files from a folder, and define what every container of files offers."""

from __future__ import annotations

import heapq
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Literal, Protocol, TypeAlias

from experiments.training.contract.source_errors import SourceError

MAX_FILES = 1_000_000
MAX_DEPTH = 20  # folders below the source
JUNK = frozenset(
    {
        *("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "@eadir", "#recycle", "$recycle.bin"),
        *("system volume information", "lost+found", "__pycache__"),
    }
)
"""What systems and programs leave behind, in lower case."""

Entry: TypeAlias = tuple[str, int, int]
"""A file's name, its size in bytes, and when it was last written, in nanoseconds."""


class Files(Protocol):
    """Named files, read only.

    `sizes` maps each file's name (parts joined by `/`) to its bytes, in name order. `stamp` shows cheaply whether
    anything was written since it was taken: it covers names, sizes and times, not contents.
    """

    @property
    def name(self) -> str:
        """The data set's name."""

    @property
    def kind(self) -> Literal["directory", "zip", "npz", "file"]:
        """The form in which the files are stored."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """The bytes of each file by name, in name order."""

    @property
    def links(self) -> Mapping[str, str]:
        """The links to folders that are read under another name, with that name."""

    @property
    def empty(self) -> Sequence[str]:
        """The folders that hold neither files nor folders."""

    @property
    def stamp(self) -> str:
        """The hash over all names, sizes and times."""

    def open(self, name: str) -> BinaryIO:
        """Open the file `name` for reading."""

    def identity(self, name: str) -> str:
        """Return a text that changes when the file's content does and is stable across runs; raises OSError."""
        ...

    def close(self) -> None:
        """Release what the container holds open."""


class Folder:
    """The regular files below `path`; a link out of `root` (resolved) is refused, hidden files are ignored."""

    kind: Literal["directory"] = "directory"

    def __init__(self, path: Path, root: Path) -> None:
        self.name = path.name
        self._path = path
        self._links: dict[str, str] = {}
        self._empty: list[str] = []
        try:
            found = sorted(_bounded(self._walk(root)))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SourceError("source_path", f"{error.filename or path} cannot be read: {reason}.") from error
        self.sizes: Mapping[str, int] = {name: size for name, size, _ in found}
        self.links: Mapping[str, str] = dict(sorted(self._links.items()))
        self.empty: Sequence[str] = sorted(self._empty)
        self.stamp = stamp(found)

    def _walk(self, root: Path) -> Iterator[Entry]:
        """Yield names, sizes and times, each folder once: links may form loops.

        Links come last and in the order of their names, so that what they lead to is found under its own name.
        """
        seen: dict[tuple[int, int], str] = {}
        folders = [("", self._path)]
        links: list[tuple[str, Path]] = []
        while folders or links:
            prefix, folder = folders.pop() if folders else heapq.heappop(links)
            status = folder.stat()
            if known := seen.get(key := (status.st_dev, status.st_ino)):
                self._links[prefix.rstrip("/")] = known.rstrip("/")
                continue
            seen[key] = prefix or "./"
            is_empty = True
            with os.scandir(folder) as entries:
                for entry in entries:
                    if is_junk(entry.name):
                        continue
                    is_empty = False
                    if is_link := entry.is_symlink():
                        _refuse_escape(Path(entry.path), prefix + entry.name, root)
                    if entry.is_dir():
                        inner = (_depth_checked(f"{prefix}{entry.name}/"), Path(entry.path))
                        heapq.heappush(links, inner) if is_link else folders.append(inner)
                    elif stat.S_ISREG((found := entry.stat()).st_mode):  # a FIFO would block its reader forever
                        yield _utf8(prefix + entry.name), found.st_size, found.st_mtime_ns
            if is_empty and prefix:
                self._empty.append(_utf8(prefix.rstrip("/")))

    def open(self, name: str) -> BinaryIO:
        """Open the file `name` for reading."""
        return (self._path / name).open("rb")

    def identity(self, name: str) -> str:
        """Return inode, size and times of the file `name`; raises OSError."""
        return _identity(self._path / name)

    def close(self) -> None:
        """Do nothing: no file is kept open."""


class LoneFile:
    """A single file under its own name."""

    kind: Literal["file"] = "file"
    links: Mapping[str, str] = MappingProxyType({})
    empty: Sequence[str] = ()

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self._path = path
        status = path.stat()
        self.sizes: Mapping[str, int] = {path.name: status.st_size}
        self.stamp = stamp([(path.name, status.st_size, status.st_mtime_ns)])

    def open(self, name: str) -> BinaryIO:
        """Open the file `name` for reading."""
        return (self._path.parent / name).open("rb")

    def identity(self, name: str) -> str:
        """Return inode, size and times of the file `name`; raises OSError."""
        return _identity(self._path.parent / name)

    def close(self) -> None:
        """Do nothing: no file is kept open."""


def _identity(path: Path) -> str:
    """Describe a file's state; a writer can reset the time of its last writing, but not that of its last change."""
    status = path.stat()
    return f"{status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def is_junk(name: str) -> bool:
    """Return whether file managers or archive programs leave files of this name behind."""
    return name.startswith((".", "~$")) or name.casefold() in JUNK


def stamp(found: Iterable[Entry]) -> str:
    """Hash the entries, in the order given, to 64 hexadecimal digits."""
    digest = sha256()
    for name, size, modified in found:
        digest.update(f"{name}\0{size}\0{modified}\0".encode())
    return digest.hexdigest()


def _bounded(found: Iterator[Entry]) -> Iterator[Entry]:
    for count, item in enumerate(found, start=1):
        if count > MAX_FILES:
            raise SourceError("source_path", f"More than {MAX_FILES:,} files; name the folder of one data set.")
        yield item


def _depth_checked(prefix: str) -> str:
    if prefix.count("/") > MAX_DEPTH:
        raise SourceError(
            "source_path",
            f"{prefix} lies more than {MAX_DEPTH} folders deep; name a folder further in, or put the data higher up.",
        )
    return prefix


def _refuse_escape(link: Path, name: str, root: Path) -> None:
    try:
        inside = link.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError) as error:
        raise SourceError("source_path", f"{name} is a broken link; remove it.") from error
    if not inside:
        raise SourceError("source_path", f"{name} is a link that leads outside the data root; put a copy there.")


def _utf8(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        shown = name.encode(errors="backslashreplace").decode()
        raise SourceError("source_path", f"The file name {shown} is not UTF-8; rename it.") from error
    return name
