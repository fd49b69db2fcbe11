"""Files that somebody hands over one by one, as what the readers of data sets take."""

from __future__ import annotations

import io
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Literal

from experiments.training.data.files.folders import stamp
from experiments.training.data.images.image_faults import ImageFault


class GivenFile:
    """One file under the name that it was given, at a path or open; an open one stays open."""

    kind: Literal["file"] = "file"
    links: Mapping[str, str] = MappingProxyType({})
    empty: Sequence[str] = ()

    def __init__(self, name: str, given: Path | BinaryIO) -> None:
        """Find out how large it is. Raises ImageFault for what is no regular file, and OSError."""
        self.name = name
        self._given = given
        self.sizes: Mapping[str, int] = {name: self._size()}

    @property
    def stamp(self) -> str:
        """What changes with its name and size."""
        return stamp([(self.name, self.sizes[self.name], 0)])

    def open(self, name: str) -> BinaryIO:  # noqa: ARG002  (there is one)
        """Open the file for reading, from its beginning."""
        if isinstance(self._given, Path):
            return self._given.open("rb")
        self._given.seek(0)
        return io.BytesIO(self._given.read())

    def identity(self, name: str) -> str:
        """Return what tells it apart from others here; it is not compared across runs."""
        return f"{name} {self.sizes[name]} {id(self._given)}"

    def close(self) -> None:
        """Do nothing: it is closed where it was opened."""

    def _size(self) -> int:
        if not isinstance(self._given, Path):
            return self._given.seek(0, io.SEEK_END)
        status = self._given.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would block its reader
            raise ImageFault("it is no file but a folder, a device or a pipe; give a file")
        return status.st_size
