"""Write the operating points that were saved with a run as its file `operating_point.json`, whole or not at all."""

from __future__ import annotations

from runs import atomic_files
from runs.files.json_parts import formatted
from runs.models import Run
from runs.saved_points.saved_point_json import current_point, decisions

NAME = "operating_point.json"


def write(run: Run) -> None:
    """Write the file into the run's folder; nothing for a run with which no point was ever saved. Raises OSError."""
    if found := content(run):
        atomic_files.write(run.folder / NAME, found)


def content(run: Run) -> bytes | None:
    """Build the file's text; None for a run with which no point was ever saved."""
    history = decisions(run)
    if not history:
        return None
    return formatted({"run_id": run.pk, "operating_point": current_point(run), "history": history})
