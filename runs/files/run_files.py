"""Read and remove the files of a run wherever they are: in its folder or in the object store."""

from __future__ import annotations

from collections.abc import Collection
from typing import BinaryIO

from runs.files import store, stored_files
from runs.files.local_files import Content, RunFile, file_version, list_files, open_file
from runs.models import Run


def listed(run: Run) -> list[RunFile]:
    """List all files of the run, by name."""
    return stored_files.listed(run.pk) if store.in_use() else list_files(run.folder)


def opened(run: Run, name: str) -> Content:
    """Open one file, to be streamed and closed. Raises FileNotFoundError, StoreError."""
    return stored_files.opened(run.pk, name) if store.in_use() else Content(open_file(run.folder, name))


def version(run: Run, name: str) -> str:
    """Return what tells apart versions of a file; asks only the folder or the database. Raises FileNotFoundError."""
    if store.in_use():
        return stored_files.version(run.pk, name)
    with open_file(run.folder, name) as file:
        return file_version(file)


def is_there(run: Run, name: str) -> bool:
    """Return whether the run has this file; asks only the folder or the database."""
    return stored_files.is_stored(run.pk, name) if store.in_use() else (run.folder / name).is_file()


def seekable(run: Run, name: str) -> BinaryIO:
    """Open one file, to be read at a few places and closed.

    Raises FileNotFoundError, and StoreError, which reading it can raise too.
    """
    return stored_files.seekable(run.pk, name) if store.in_use() else open_file(run.folder, name)


def remove(run: Run, names: Collection[str]) -> list[str]:
    """Remove these files from the folder and the list of stored files.

    Returns the keys of their objects, which `stored_files.remove_objects` removes from the store.
    """
    for name in names:
        (run.folder / name).unlink(missing_ok=True)
    return stored_files.unregister(run.pk, names) if store.in_use() else []


def place(run: Run) -> str:
    """Return where the run's files are, for people."""
    return store.address(run.pk) if store.in_use() else str(run.folder)
