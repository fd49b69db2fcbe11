"""Pictures and rows of a data set's samples: made by a separate process, kept on disk as long as the version is.

Pictures have numbers, and come from our own folder alone: no name and no path of a request ever reaches the disk.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from django.conf import settings

from experiments.datasets import storage
from experiments.datasets.sample_source import NotReady, SampleSource
from experiments.processes import isolated_process
from experiments.training.data.files import file_locks
from experiments.training.data.inspection.sample_sheets import FeatureSheet, RunSheet, RunTask, Sheet, Task

PAGE_SIZE = 24
LAST_PAGE = 200
MOST_FILES = 10_000  # of one version; beyond them its pictures are made again as they are asked for
TIMEOUT_SECONDS = 90.0
AT_ONCE = 2  # processes of one web process
FOLDER = "samples"
DRAWN = 2  # the version of how pictures are drawn: those of an older one are made again

_MODULE = "experiments.training.data.inspection.sample_process"
_BUILTIN_MODULE = "experiments.training.data.inspection.builtin_sample_process"
_turns = threading.BoundedSemaphore(AT_ONCE)

S = TypeVar("S", Sheet, FeatureSheet, RunSheet)


def page(source: SampleSource, label: str | None, number: int) -> Sheet:
    """Return the samples of page `number` (from 1) of a class, or of all, and draw their pictures. Raises NotReady."""
    start = (number - 1) * PAGE_SIZE
    return _kept(source, f"{_key(label)}-{number}", Sheet, label=label, start=start, count=PAGE_SIZE)


def by_class(source: SampleSource) -> Sheet:
    """Return the first few samples of each of the first classes, class by class. Raises NotReady."""
    return _kept(source, "each", Sheet, by_class=True, count=PAGE_SIZE)


def called(source: SampleSource, ids: Sequence[str]) -> Sheet:
    """Return the samples with these ids, of those that the data set still has, and draw them. Raises NotReady."""
    return _kept(source, f"ids-{_key(json.dumps(ids))}", Sheet, ids=list(ids))


def features(source: SampleSource) -> FeatureSheet:
    """Return what a table's columns hold in each class. Raises NotReady."""
    return _kept(source, "features", FeatureSheet, features=True)


def picture(source: SampleSource, number: int) -> Path | None:
    """Return the PNG of a sample that was on a page of this version; None if there is none."""
    path = folder_of(source) / f"{number}.png"
    return path if source.version and path.is_file() else None


def folder_of(source: SampleSource) -> Path:
    """Return the folder of this version alone."""
    return _all() / f"{source.key}-{source.short_version}-{DRAWN}"


def remove(pk: int) -> None:
    """Remove all pictures of all versions of what was data set `pk`."""
    for folder in _all().glob(f"{pk}-*"):
        shutil.rmtree(folder, ignore_errors=True)
    (_all() / f".{pk}.lock").unlink(missing_ok=True)


def _kept(source: SampleSource, name: str, kind: type[S], **asked: Any) -> S:
    """Return the answer that is kept for this version, or make it; one with a problem is not kept."""
    if source.not_ready:
        raise NotReady(source.not_ready)
    folder = folder_of(source)
    kept = folder / f"{name}.json"
    with file_locks.locked(_all() / f".{source.key}.lock"):
        if not kept.is_file():
            _make_room(source, folder)
            found = _made(_task(source, folder, asked), kind)
            if found.problem:
                return found
            kept.write_bytes(msgspec.json.encode(found))
    return msgspec.json.decode(kept.read_bytes(), type=kind)


def _all() -> Path:
    return Path(settings.DATASETS_ROOT) / FOLDER


def _key(label: str | None) -> str:
    return "all" if label is None else sha256(label.encode()).hexdigest()[:24]


def _make_room(source: SampleSource, folder: Path) -> None:
    """Remove the pictures of earlier versions, and those of this one if they have become too many."""
    for other in _all().glob(f"{source.key}-*"):
        if other != folder or sum(1 for _ in other.iterdir()) > MOST_FILES:
            shutil.rmtree(other, ignore_errors=True)
    folder.mkdir(mode=storage.FOLDER_MODE, parents=True, exist_ok=True)


def _task(source: SampleSource, folder: Path, asked: dict[str, Any]) -> Task:
    return Task(
        path=str(source.path),
        roots=[str(root) for root in source.roots],
        stamp=source.stamp,
        builtin=source.builtin,
        folder=str(folder),
        **asked,
    )


def _made(task: Task, kind: type[S]) -> S:
    """Make the answer in a fresh interpreter, which limits itself; its death is an answer too."""
    return made_by(partial(isolated_process.answer, _BUILTIN_MODULE if task.builtin else _MODULE), task, kind)


def made_by(answer: Callable[..., bytes | None], task: Task | RunTask, kind: type[S]) -> S:
    """Have a process answer, a few at a time; `answer` is that of `isolated_process`, for its module."""
    with _turns:
        try:
            found = answer(msgspec.json.encode(task), seconds=TIMEOUT_SECONDS)
        except TimeoutError:
            return kind(problem="Looking at these data takes too long; try again when the machine is less busy.")
    if found is None:
        return kind(problem="The process that looks at these data has died; a file in them may be damaged.")
    return msgspec.json.decode(found, type=kind)
