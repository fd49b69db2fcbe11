"""Calls about model files that leave events: what is prepared, and what is then asked."""

from __future__ import annotations

from collections.abc import Callable

from experiments.model_files.file_names import name_of
from tests.access.people import add_model_file
from tests.audit.calls import Call, World
from tests.audit.trail import read_whole


def _ask(world: World) -> Callable[[], object]:
    run = world.ended()
    return lambda: world.send(f"/api/runs/{run.pk}/model-files/")


def _download(world: World) -> Callable[[], object]:
    job = add_model_file(world.ended(), world.user)
    return lambda: read_whole(world.get(f"/api/runs/{job.run_id}/model-files/{name_of(job)}"))


CALLS: dict[str, Call] = {
    "POST /api/runs/<run_id>/model-files": _ask,
    "GET /api/runs/<run_id>/model-files/<name>": _download,
}
