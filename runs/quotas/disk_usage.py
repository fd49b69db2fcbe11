"""How many bytes the files of each project take.

Of a run that has ended its files are measured once, and the sum is stored; those of unfinished runs are looked at when
somebody asks. Other parts of the server add what they store (`add_part`): uploads of data sets.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from django.db import Error
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from runs.derived_models import RunDiskUsage, StoredFile
from runs.files import store
from runs.models import Run

logger = logging.getLogger(__name__)

Part: TypeAlias = Callable[[Collection[int]], Mapping[int, int]]
"""Returns the bytes of each of these projects; one that is missing has none."""
_parts: Final[list[Part]] = []


def add_part(part: Part) -> None:
    """Let what a part of the server stores count too."""
    if part not in _parts:
        _parts.append(part)


def unfinished_files(project_ids: Collection[int]) -> dict[int, int]:
    """Return the bytes of each run of the projects that has files and has not ended: of those no sum is stored."""
    return _sizes(_started(project_ids))


def bytes_of(project_ids: Collection[int], known: Mapping[int, int] | None = None) -> dict[int, int]:
    """Return the bytes that the files of each project take.

    `known` are `unfinished_files` of a moment ago, for those who ask in a transaction: looking through folders takes
    long, and others would wait for it. Only runs that were started since are looked at then.
    """
    found = dict.fromkeys(project_ids, 0)
    measured = RunDiskUsage.objects.filter(project_id__in=project_ids).order_by()
    for number, size in measured.values_list("project_id").annotate(size=Sum("size")):
        found[number] += int(size)
    started_runs, known = _started(project_ids), known or {}
    sizes = _sizes(started_runs.keys() - known.keys())
    for run_id, project in started_runs.items():
        found[project] += sizes[run_id] if run_id in sizes else known[run_id]
    # Of a run that was resumed, the files of its earlier attempts were measured: they count once.
    resumed = RunDiskUsage.objects.filter(run_id__in=list(started_runs)).order_by()
    for number, size in resumed.values_list("project_id", "size"):
        found[number] -= size
    for part in _parts:
        for number, size in part(project_ids).items():
            found[number] += size
    return found


def _started(project_ids: Collection[int]) -> dict[int, int]:
    """Return the unfinished runs that were started, each with its project."""
    started = Q(status__in=Run.RUNNING) | Q(status=Run.Status.QUEUED, attempt__gt=0)
    unfinished = Run.objects.filter(started, project_id__in=project_ids).order_by()
    return dict(unfinished.values_list("pk", "project_id"))


def measure(run_id: int) -> None:
    """Measure the files of a run that has ended and store the sum; of one that has not, which grows, store none.

    To be called after a run has ended, and after files of it were removed. What fails is logged: `unmeasured` has the
    run then.
    """
    try:
        run = Run.objects.filter(pk=run_id, status__in=Run.ENDED).only("project_id", "attempt").first()
        if run is None:
            RunDiskUsage.objects.filter(run_id=run_id).delete()
            return
        values = {
            "project_id": run.project_id,
            "attempt": run.attempt,
            "size": _sizes([run_id])[run_id],
            "at": timezone.now(),
        }
        RunDiskUsage.objects.update_or_create(run_id=run_id, defaults=values)
    except Error:
        logger.warning("run %s: the size of its files is not stored", run_id, exc_info=True)


def unmeasured() -> QuerySet[Run]:
    """Select the ended runs whose files were not measured since their last attempt, the newest first."""
    known = RunDiskUsage.objects.filter(run_id=OuterRef("pk"), attempt=OuterRef("attempt"))
    return Run.objects.filter(~Exists(known), status__in=Run.ENDED).order_by("-pk")


def _sizes(run_ids: Collection[int]) -> dict[int, int]:
    """Return the bytes that the files of each run take."""
    if not store.in_use():
        return {run_id: folder_size(Run(pk=run_id).folder) for run_id in run_ids}
    found = dict.fromkeys(run_ids, 0)  # folders are where a file is on its way
    rows = StoredFile.objects.filter(run_id__in=list(run_ids)).order_by().values_list("run_id")
    return found | {run_id: int(size) for run_id, size in rows.annotate(size=Sum("size"))}


def folder_size(folder: Path) -> int:
    """Return the bytes of all regular files below a folder; one that is not there, or cannot be read, has none."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118  (a Path for each costs more)
            except OSError:  # removed since the listing
                continue
    return size
