"""Keep true what a run's files say of where it decides, when an operating point is saved or withdrawn.

| file | what of it |
|---|---|
| `operating_point.json` | all of it |
| `results.json` | `operating_point`; the rest stays as the export wrote it |
| `inference.json` | `decision`; the rest stays as the training wrote it |

Each is replaced whole or not at all. A web process does this without loading the tables that an export needs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import closing, suppress

from runs import atomic_files
from runs.files import decision_part, point_file, run_files, store, stored_files
from runs.files.json_parts import with_parts
from runs.files.local_files import Content, open_file
from runs.files.training_files import MAX_BYTES
from runs.leases import Fenced
from runs.models import Run
from runs.saved_points import point_history
from runs.saved_points.saved_point_json import current_point

RESULTS = "results.json"
INFERENCE = decision_part.FILE
MOST_BYTES = 2**28
MOST_TRIES = 5  # while others save too; each of them writes what holds then


class TooLarge(OSError):
    """The file is too large to be read at once."""


def publish(run: Run) -> dict[str, OSError | Fenced]:
    """Write the files where the run's files are; return what went wrong, by file.

    Of two that save at once each looks, when it has written, whether it wrote what holds: so the last one does.
    """
    for _ in range(MOST_TRIES):
        newest = point_history.newest(run)
        problems = _failed(run)
        if point_history.newest(run) == newest:
            break
    return problems


def write_inference(run: Run) -> None:
    """Write the decision into `inference.json` of the run's folder, if that is there. Raises OSError."""
    with suppress(FileNotFoundError, TooLarge):
        text = _text(Content(open_file(run.folder, INFERENCE)), MAX_BYTES)
        if content := decision_part.with_decision(run, text):
            atomic_files.write(run.folder / INFERENCE, content)


def publish_inference(run: Run, statuses: Collection[str]) -> None:
    """Write the decision into the stored `inference.json`, if there is one. Raises Fenced, StoreError."""
    content = _inference(run)
    if content is not None:
        stored_files.publish_content(run, INFERENCE, content, statuses)


def _failed(run: Run) -> dict[str, OSError | Fenced]:
    problems: dict[str, OSError | Fenced] = {}
    for name, content_of in _CONTENTS.items():
        try:
            content = content_of(run)
            if content is not None:
                _put(run, name, content)
        except (OSError, Fenced) as error:
            problems[name] = error
    return problems


def _put(run: Run, name: str, content: bytes) -> None:
    if store.in_use():
        stored_files.publish_content(run, name, content, Run.ENDED)
        return
    if not Run.objects.filter(pk=run.pk, attempt=run.attempt, status__in=Run.ENDED).exists():
        raise Fenced(f"run {run.pk}: attempt {run.attempt} may no longer write files")
    atomic_files.write(run.folder / name, content)


def _results(run: Run) -> bytes | None:
    """Build the text; raises TooLarge, for the file stays as it was and is no longer true."""
    with suppress(FileNotFoundError):
        return with_parts(_text(run_files.opened(run, RESULTS), MOST_BYTES), {"operating_point": current_point(run)})
    return None


def _inference(run: Run) -> bytes | None:
    with suppress(FileNotFoundError, TooLarge):  # a larger one is none of ours
        return decision_part.with_decision(run, _text(run_files.opened(run, INFERENCE), MAX_BYTES))
    return None


def _text(content: Content, most: int) -> bytes:
    """Read the file to its end. Raises TooLarge, StoreError."""
    with closing(content):
        if content.size > most:
            raise TooLarge(f"it is larger than {most // 2**20} MiB")
        return content.file.read(most)


_CONTENTS: dict[str, Callable[[Run], bytes | None]] = {
    point_file.NAME: point_file.content,
    RESULTS: _results,
    INFERENCE: _inference,
}
