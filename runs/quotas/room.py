"""Whether a project has room for more, as its quotas say. Who asks holds its row until the end of a transaction.

So of two requests that come at once the second one counts what the first one has made. Folders are looked through
before, by `files_of`: the transaction of a request must not wait for a slow disk. A running training is never
ended for a quota, and one that returns to the queue by itself always has its place there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from django.conf import settings

from access.decisions import ProjectNumber
from access.models import Project
from runs import queue
from runs.errors import WithFacts
from runs.models import Run
from runs.problems import problem_types
from runs.quotas import disk_usage, used_amounts


class QuotaExceeded(WithFacts):
    """The base of refusals; `facts` are the quota, what is used and what is allowed."""

    def __init__(self, quota: str, used: int, allowed: int, sentence: str) -> None:
        self.facts = {"quota": quota, "used": used, "allowed": allowed}
        super().__init__(sentence)


class QueueFull(QuotaExceeded):
    """429: the project has as many queued runs as it may; there is room when some of them are started."""

    status_code = 429
    default_code = "queue_full"
    problem = problem_types.QUEUE_QUOTA_REACHED


class DiskFull(QuotaExceeded):
    """409: the files of the project take as much as they may; nothing changes that by itself."""

    status_code = 409
    default_code = "disk_full"
    problem = problem_types.DISK_QUOTA_REACHED


Files: TypeAlias = Mapping[int, int]
"""The bytes of runs that have not ended, by `files_of`."""


def files_of(project_id: ProjectNumber) -> Files:
    """Look through the folders of the project's unfinished runs, where their bytes matter. To be called before."""
    if project_id is None or not Project.objects.filter(pk=project_id, max_disk_bytes__isnull=False).exists():
        return {}
    return disk_usage.unfinished_files([project_id])


def require_room_for_runs(project_id: ProjectNumber, runs: int, files: Files) -> None:
    """Raise QueueFull or DiskFull unless so many more runs may be queued there. To be called in a transaction."""
    project = _locked(project_id)
    if project is None:
        return
    if project.max_queued is not None:
        queued = used_amounts.queued_in(project.pk)
        if queued + runs > project.max_queued:
            raise QueueFull("max_queued", queued, project.max_queued, _of_queue(project, queued, runs))
    _require_room_on_disk(project, 0, files)


def require_room_for_file(project_id: ProjectNumber, size: int, files: Files) -> None:
    """Raise DiskFull unless a file of so many bytes may be stored in the project. To be called in a transaction."""
    project = _locked(project_id)
    if project is not None:
        _require_room_on_disk(project, size, files)


def why_full(project_id: ProjectNumber) -> str:
    """Say why no further run of the project may train now, by its quota; empty: one may.

    Who then starts one holds the queue's lock.
    """
    allowed = None if project_id is None else queue.limits_of_projects().get(project_id)
    if project_id is None or allowed is None:
        return ""
    training = queue.count_by_project([project_id], Run.RUNNING)[project_id]
    if training < allowed:
        return ""
    name = Project.objects.values_list("name", flat=True).get(pk=project_id)
    if not allowed:
        return f"The quota of the project {name} lets no run train; an operator of this server can change it."
    return (
        f"The project {name} trains {training:,} of the {allowed:,} runs at a time that its quota allows. One more "
        "starts when one of them has ended."
    )


def _locked(project_id: ProjectNumber) -> Project | None:
    """Lock the project's row, if the project has a quota at all: else nobody has to wait."""
    project = None if project_id is None else Project.objects.filter(pk=project_id).first()
    if project is None or (project.max_queued is None and project.max_disk_bytes is None):
        return None
    return Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def _require_room_on_disk(project: Project, size: int, files: Files) -> None:
    allowed = project.max_disk_bytes
    if allowed is None:
        return
    used = disk_usage.bytes_of([project.pk], files)[project.pk]
    if used + size > allowed or used >= allowed:
        raise DiskFull("max_disk_bytes", used, allowed, _of_disk(project, used, allowed, size))


def _of_queue(project: Project, queued: int, runs: int) -> str:
    asked = "" if runs == 1 else f", and {runs:,} more are asked for"
    return (
        f"The project {project.name} has {queued:,} of the {project.max_queued:,} queued runs that its quota allows"
        f"{asked}. Wait until some have started, cancel some, or ask an operator of this server for more."
    )


def _of_disk(project: Project, used: int, allowed: int, size: int) -> str:
    asked = f", and the file has {size_text(size)}" if size else ""
    return (
        f"The files of the project {project.name} take {size_text(used)} of the {size_text(allowed)} that its quota "
        f"allows{asked}. Delete runs or uploaded data sets of it (files of a deleted run are removed after "
        f"{settings.UNDO_DAYS:g} days), or ask an operator of this server for more."
    )


def size_text(size: int) -> str:
    """Write a number of bytes in the largest binary unit of which there is one at least."""
    units = ("bytes", "KiB", "MiB", "GiB", "TiB")
    power = min(max(0, (size.bit_length() - 1) // 10), len(units) - 1)
    return f"{size:,} bytes" if power == 0 else f"{size / 1024**power:,.1f} {units[power]}"
