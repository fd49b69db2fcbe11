"""Write the operating points that were saved with a run as its file `operating_point.json`, whole or not at all."""

from __future__ import annotations

import msgspec

from runs import atomic_files
from runs.files import store, stored_files
from runs.models import Run
from runs.saved_points import point_history
from runs.saved_points.saved_point_json import current_point, decisions

NAME = stored_files.WRITTEN_ANYWHERE


def write(run: Run) -> None:
    """Write the file into the run's folder; nothing for a run with which no point was ever saved. Raises OSError."""
    if content := _content(run):
        atomic_files.write(run.folder / NAME, content)


def publish(run: Run) -> None:
    """Write the file where the run's files are: in its folder, or into the object store, which needs no folder.

    Raises OSError, StoreError, Fenced.
    """
    written = None
    # Of two who save at once, the second may have written its file first: then the first one lacks the newest point.
    while (newest := point_history.newest(run)) != written:
        content = _content(run)
        if content and store.in_use():
            stored_files.publish_content(run, NAME, content, Run.ENDED)
        elif content:
            atomic_files.write(run.folder / NAME, content)
        written = newest


def _content(run: Run) -> bytes | None:
    history = decisions(run)
    if not history:
        return None
    told = {"run_id": run.pk, "operating_point": current_point(run), "history": history}
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"
