"""How much of its quotas each project uses: its runs that wait, those that train, and the bytes of its files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

from runs.models import Run
from runs.quotas import disk_usage


class Used(NamedTuple):
    """The amounts of one project, in the order of `access.projects.QUOTAS`."""

    queued: int
    running: int
    disk_bytes: int


def used_by(project_ids: Collection[int]) -> dict[int, Used]:
    """Return the amounts of each project."""
    disk = disk_usage.bytes_of(project_ids)
    queued = _counted(project_ids, [Run.Status.QUEUED])
    running = _counted(project_ids, Run.RUNNING)
    return {number: Used(queued[number], running[number], disk[number]) for number in project_ids}


def queued_in(project_id: int) -> int:
    """Count the runs of a project that wait."""
    return _counted([project_id], [Run.Status.QUEUED])[project_id]


def _counted(project_ids: Collection[int], statuses: Collection[str]) -> Counter[int]:
    # By status first: of a hundred thousand runs few are unfinished.
    runs = Run.objects.filter(status__in=statuses, project_id__in=project_ids).order_by()
    return Counter(runs.values_list("project_id", flat=True))
