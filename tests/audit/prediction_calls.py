"""For the address that predicts, a call that leaves its events."""

from __future__ import annotations

from collections.abc import Callable

from experiments.predictions.process_pool import ProcessPool
from experiments.training.prediction.serving.messages import Item, Predicted
from tests.audit.calls import Call, World
from tests.experiments.predictions.stored_models import store


def _predict(world: World) -> Callable[[], object]:
    """Predict at once, without a process, and in the queue."""
    run = store(world.ended(), "table")
    world.patched.setattr(ProcessPool, "ask", lambda *_: Predicted(items=[Item(name="row 1")]))
    address, source = f"/api/runs/{run.pk}/predict/", {"source_path": "builtin:breast-cancer"}
    return lambda: [world.send(address, {"rows": [{}]}, 200), world.send(address, source)]


CALLS: dict[str, Call] = {"POST /api/runs/<run_id>/predict": _predict}
