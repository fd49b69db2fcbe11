"""List what lies in a folder of the data roots, so that a path can be picked instead of typed. Opens no file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias

from experiments.training.contract import source_forms
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files import paths

MOST_SHOWN = 500
MOST_READ = 20_000  # names of a folder, whose order is the file system's
FIELD = "path"

Kind: TypeAlias = Literal["folder", "file"]


@dataclass(frozen=True)
class Entry:
    """A folder, or a file that may hold a whole data set; `path` is what `source_path` would name."""

    kind: Kind
    name: str
    path: str


@dataclass(frozen=True)
class Listing:
    """What may be chosen in a folder; an empty path stands for the list of the roots, whose `parent` is None.

    `others` counts what is there beside, such as images and links that lead out of the roots. `is_cut` says that there
    is more than is listed and counted.
    """

    path: str
    parent: str | None
    entries: list[Entry]
    others: int
    is_cut: bool


def listed(path: str, roots: Sequence[Path]) -> Listing:
    """List a folder inside the roots, or the roots; raises SourceError for anything else."""
    if not path:
        there = [Entry("folder", str(root), str(root)) for root in roots if root.is_dir()]
        return Listing("", None, there[:MOST_SHOWN], 0, len(there) > MOST_SHOWN)
    folder, _ = paths.resolve(path, roots, field=FIELD)
    if not folder.is_dir():
        raise SourceError(FIELD, f"{path!r} is a file; give the folder that it lies in.")
    real_roots = [root.resolve() for root in roots]
    try:
        with os.scandir(folder) as found:
            names = list(islice((entry for entry in found if not entry.name.startswith(".")), MOST_READ + 1))
    except OSError as error:
        raise SourceError(FIELD, f"{path!r} cannot be opened: {error.strerror or 'the disk gave an error'}.") from error
    entries = sorted(_entries(names[:MOST_READ], real_roots), key=lambda entry: (entry.kind == "file", entry.name))
    return Listing(
        path=str(folder),
        parent="" if folder in real_roots else str(folder.parent),
        entries=entries[:MOST_SHOWN],
        others=len(names[:MOST_READ]) - len(entries),
        is_cut=len(names) > MOST_READ or len(entries) > MOST_SHOWN,
    )


def _entries(names: Sequence[os.DirEntry[str]], roots: Sequence[Path]) -> Iterator[Entry]:
    for entry in names:
        if (kind := _kind(entry, roots)) and _is_text(entry.path):
            yield Entry(kind, entry.name, entry.path)


def _kind(entry: os.DirEntry[str], roots: Sequence[Path]) -> Kind | None:
    """Say what it is; None for what cannot be chosen, such as a link that leads nowhere or out of the roots."""
    try:
        if entry.is_symlink() and not any(Path(entry.path).resolve(strict=True).is_relative_to(root) for root in roots):
            return None
        if entry.is_dir():
            return "folder"
        is_source = Path(entry.name).suffix.lower() in source_forms.SUFFIXES
        return "file" if is_source and entry.is_file() else None
    except (OSError, RuntimeError):  # loops of links
        return None


def _is_text(path: str) -> bool:
    """Return whether a request can name it: names may be of bytes that are no UTF-8."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
