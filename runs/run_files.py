"""The files of a run for those who read and remove them, wherever they lie: in its folder or in the object store."""

from __future__ import annotations

from collections.abc import Collection
from typing import BinaryIO

from runs import store, stored_files
from runs.files import Content, RunFile, list_files, open_file
from runs.models import Run


def listed(run: Run) -> list[RunFile]:
    """All files of the run, by name."""
    return stored_files.listed(run.pk) if store.in_use() else list_files(run.folder)


def opened(run: Run, name: str) -> Content:
    """One file, to be streamed and closed. Raises FileNotFoundError, StoreError."""
    return stored_files.opened(run.pk, name) if store.in_use() else Content(open_file(run.folder, name))


def seekable(run: Run, name: str) -> BinaryIO:
    """One file, to be read at a few places and closed. Raises FileNotFoundError; it and its reading, StoreError."""
    return stored_files.seekable(run.pk, name) if store.in_use() else open_file(run.folder, name)


def forget(run: Run, names: Collection[str]) -> list[str]:
    """Remove these from the folder and the list; what is left to be removed is `stored_files.remove_objects`' task."""
    for name in names:
        (run.folder / name).unlink(missing_ok=True)
    return stored_files.forget(run.pk, names) if store.in_use() else []


def place(run: Run) -> str:
    """Where they lie, for people."""
    return store.address(run.pk) if store.in_use() else str(run.folder)
