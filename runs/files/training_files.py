"""Read small files that a training wrote, from its run's folder or else the object store."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from typing import Any

import msgspec

from runs.derived_models import StoredFile
from runs.files import store, stored_files
from runs.files.json_parts import UNREADABLE
from runs.files.local_files import Content, open_file
from runs.models import Run

MAX_BYTES = 4 * 2**20


def present(run: Run, names: Iterable[str]) -> list[str]:
    """Select the names of files that the run has."""
    stored = set(StoredFile.objects.filter(run=run).values_list("name", flat=True)) if store.in_use() else set()
    return [name for name in names if name in stored or (run.folder / name).is_file()]


def read_object(run: Run, name: str) -> dict[str, Any]:
    """Read a JSON object; an empty one where the run has no such file, or code of a network wrote something else.

    Raises StoreError.
    """
    try:
        with closing(_opened(run, name)) as content:
            text = content.file.read(MAX_BYTES + 1)
        return msgspec.json.decode(text if len(text) <= MAX_BYTES else b"", type=dict[str, Any])
    except (FileNotFoundError, *UNREADABLE):
        return {}


def _opened(run: Run, name: str) -> Content:
    """Open the file; the folder comes first, as the newest version may not be stored yet."""
    try:
        return Content(open_file(run.folder, name))
    except FileNotFoundError:
        if not store.in_use():
            raise
    return stored_files.opened(run.pk, name)
