"""For the addresses that explain scores, calls that leave their events."""

from __future__ import annotations

from collections.abc import Callable

from experiments.explanations import stored_questions
from experiments.predictions.process_pool import ProcessPool
from experiments.training.explanation.findings import ColumnImportance, Importances, RowShares
from experiments.training.model_source import ModelSource
from experiments.training.prediction.serving.messages import Explained, Item, RankColumns, Ranked, StoredData
from runs.models import Run
from tests.audit.calls import Call, World
from tests.experiments.predictions.stored_models import store

SHARES = RowShares(columns=[], others=0, together=0.0)
IMPORTANCES = Importances(
    columns=[ColumnImportance(column="age", mean=0.1, deviation=0.0, like=[])],
    others=0,
    auroc=0.9,
    samples=2,
    of_samples=2,
    patients=None,
    repeats=10,
)


def _explain(world: World) -> Callable[[], object]:
    """Explain a row, without a process."""
    run = store(world.ended(), "table")
    world.patched.setattr(ProcessPool, "ask", _explained)
    return lambda: world.send(f"/api/runs/{run.pk}/explain/", {"row": {}}, 200)


def _rank(world: World) -> Callable[[], object]:
    """Rank the columns, without a process and without predictions."""
    run = store(world.ended(), "table")
    world.patched.setattr(ProcessPool, "ask", lambda *_: Ranked(found=IMPORTANCES))
    world.patched.setattr(stored_questions, "ranking_of", _question)
    return lambda: world.get(f"/api/runs/{run.pk}/explain/columns/")


def _explained(_pool: ProcessPool, _kept: object, source: ModelSource, *_: object) -> Explained:
    scores = dict.fromkeys(source.classes, 0.5)
    item = Item(name="row 1", predicted=next(iter(scores)), scores=scores)
    return Explained(item=item, label=0, logit=0.0, row=SHARES)


def _question(_run: Run, _split: str, _classes: object) -> RankColumns:
    data = StoredData(source_path="", roots=[], datasets_dir="")
    return RankColumns(data=data, ids=[], labels=[], patients=[], logits=[])


CALLS: dict[str, Call] = {
    "POST /api/runs/<run_id>/explain": _explain,
    "GET /api/runs/<run_id>/explain/columns": _rank,
}
