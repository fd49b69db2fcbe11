"""How much of its quotas each project uses: its runs that wait, those that train, and the bytes of its files."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from runs.models import Run
from runs.queue import count_by_project
from runs.quotas import disk_usage


class Used(NamedTuple):
    """The amounts of one project, in the order of `access.projects.QUOTAS`."""

    queued: int
    running: int
    disk_bytes: int


def used_by(project_ids: Collection[int]) -> dict[int, Used]:
    """Return the amounts of each project."""
    disk = disk_usage.bytes_of(project_ids)
    queued = count_by_project(project_ids, [Run.Status.QUEUED])
    running = count_by_project(project_ids, Run.RUNNING)
    return {number: Used(queued[number], running[number], disk[number]) for number in project_ids}


def queued_in(project_id: int) -> int:
    """Count the runs of a project that wait."""
    return count_by_project([project_id], [Run.Status.QUEUED])[project_id]
