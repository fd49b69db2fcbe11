"""Calls about jobs on models that leave events: what is prepared, and what is then asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.access.people import add_job
from tests.audit.trail import read_whole

if TYPE_CHECKING:
    from tests.audit.calls import Call, World


def _of_job(end: str, method: str, status: int) -> Call:
    def prepare(world: World) -> Callable[[], object]:
        job = add_job(world.ended(), world.user)
        return lambda: world.send(f"/api/model-jobs/{job.pk}/{end}", status=status, method=method)

    return prepare


def _file(world: World) -> Callable[[], object]:
    job = add_job(world.ended(), world.user)
    return lambda: read_whole(world.get(f"/api/model-jobs/{job.pk}/files/scores.csv"))


CALLS: dict[str, Call] = {
    "POST /api/model-jobs/<pk>/cancel": _of_job("cancel/", "post", 200),
    "DELETE /api/model-jobs/<pk>": _of_job("", "delete", 204),
    "GET /api/model-jobs/<pk>/files/<name>": _file,
}
