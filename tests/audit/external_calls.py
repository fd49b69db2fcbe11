"""Calls about external tests, as `calls` has them of all other addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from experiments.external_tests import asking
from experiments.training.model_source import ModelSource
from tests.access.people import add_external_test
from tests.audit.calls import TRAINING, Call, World
from tests.audit.trail import read_whole


def _of_external_test(end: str, method: str = "get", status: int = 200) -> Call:
    def prepare(world: World) -> Callable[[], object]:
        test = add_external_test(world.ended(), world.user)
        address = f"/api/runs/{test.run_id}/external-tests/{test.number}/{end}"
        if method != "get":
            return lambda: world.send(address, status=status, method=method)
        return lambda: read_whole(world.get(address))

    return prepare


def _evaluate(world: World) -> Callable[[], object]:
    """Ask for an external test of a run whose model is there."""
    run = world.ended(config=TRAINING)
    kept: dict[str, Any] = {"classes": ["a", "b"], "own_threshold": 0.5, "config": TRAINING}
    source = ModelSource(run_id=run.pk, attempt=1, checkpoint="x", folder="x", sha256="0", **kept)
    world.patched.setattr(asking, "source_of", lambda _: source)
    return lambda: world.send(f"/api/runs/{run.pk}/evaluate/", {"source_path": TRAINING["source_path"]})


CALLS: dict[str, Call] = {
    "POST /api/runs/<run_id>/evaluate": _evaluate,
    "DELETE /api/runs/<run_id>/external-tests/<number>": _of_external_test("", "delete", 204),
    "GET /api/runs/<run_id>/external-tests/<number>/samples": _of_external_test("samples/?cell=fp"),
    "GET /api/runs/<run_id>/external-tests/<number>/samples/export": _of_external_test("samples/export/?cell=fp"),
    "GET /api/runs/<run_id>/external-tests/<number>/predictions": _of_external_test("predictions/"),
}
