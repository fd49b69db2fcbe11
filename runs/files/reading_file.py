"""Read what a run's training wrote about how its data were read: `reading.json`."""

from __future__ import annotations

from typing import Any

import msgspec

from runs.files import run_files
from runs.models import Run

NAME = "reading.json"
MOST_BYTES = 4 * 2**20  # of a file; that of 1,000 classes with names of 200 letters has a tenth of it


def read(run: Run) -> dict[str, Any] | None:
    """Return how the run's data were read; None: not yet, it is older than such files, or the file is none of them.

    Raises StoreError.
    """
    try:
        file = run_files.seekable(run, NAME)
    except FileNotFoundError:
        return None
    with file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        return None
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.MsgspecError:
        return None
