"""Read from the database what hints are based on: a few indexed queries, however long the journal is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypedDict

import msgspec

from runs.events import Event, GradientStats, Progress, ResourceUsage, decode
from runs.hints.evidence import Epoch, Evidence
from runs.hints.gradient_health import WINDOW
from runs.models import FinalResult, Run, RunEvent, RunMetric
from runs.queries import events_after
from runs.statistics.matrix_statistics import Matrix, Number, trials_of
from runs.statistics.metric_names import COUNTS

METRICS = (
    "train_loss", "train_acc", "val_loss", "val_acc", "val_precision", "val_recall", "val_f1", "val_auroc",
    *(f"val_{name}" for name in COUNTS),
)  # fmt: skip
RECENT = 5_000
"""The newest events of an attempt are looked for among this many last events of the journal …"""
SAMPLES = 300
"""… and at most this many of them are used."""
_FOLLOWING = {"final_accuracy_cm": "accuracy", "final_recall_cm": "recall", "final_specificity": "specificity"}
_SAMPLED = (GradientStats.type, Progress.type, ResourceUsage.type)


Monitored: TypeAlias = list[tuple[int, Number]]
"""The monitored value of each complete epoch, ascending."""


def of_run(run: Run) -> Evidence:
    """Read the run's evidence; of an unfinished run as much as is stored so far."""
    return with_monitored(run)[0]


def with_monitored(run: Run) -> tuple[Evidence, Monitored]:
    """Read the same with what `monitored` reads: both are among the same rows."""
    epochs = _epochs(run.pk, run.monitor)
    history = [(epoch, metrics) for epoch, metrics in epochs.items() if "val_loss" in metrics]
    values = [(epoch, metrics[run.monitor]) for epoch, metrics in epochs.items() if run.monitor in metrics]
    return _evidence(run, history), values


def _evidence(run: Run, history: Sequence[tuple[int, Epoch]]) -> Evidence:
    dataset = run.dataset or {}
    recent = _recent(run)
    training = [index for index, event in enumerate(recent) if isinstance(event, Progress)]
    trained = recent[: training[-1] + 1] if training else []  # what came later is evaluation
    return Evidence(
        status=run.status,
        max_epochs=run.max_epochs,
        config=run.config,
        classes=dataset.get("classes", ()),
        sizes=dataset.get("sizes", {}),
        history=history,
        best_epoch=run.best_epoch,
        **_of_best(run.pk),
        first_gradients=_first_gradients(run),
        last_gradients=[event for event in recent if isinstance(event, GradientStats)],
        waits=[e.data_wait_share for e in trained if isinstance(e, Progress) and e.data_wait_share is not None],
        usage=[event for event in trained if isinstance(event, ResourceUsage)],
        samples_per_second=run.samples_per_second,
    )


def monitored(run: Run) -> Monitored:
    """Read the monitored values alone."""
    rows = RunMetric.objects.filter(
        run_id=run.pk, metric_name=run.monitor, context="epoch", class_name="", client_id=None
    )
    return list(rows.order_by("epoch").values_list("epoch", "value"))


def _epochs(run_id: int, monitor: str) -> dict[int, dict[str, Number]]:
    """Read the epochs, those without validation too: both phases are mostly stored in one transaction, not always."""
    rows = RunMetric.objects.filter(
        run_id=run_id, metric_name__in={*METRICS, monitor}, context="epoch", class_name="", client_id=None
    )
    epochs: dict[int, dict[str, Number]] = {}
    for epoch, name, value in rows.order_by("epoch").values_list("epoch", "metric_name", "value"):
        epochs.setdefault(epoch, {})[name] = value
    return epochs


class _OfBest(TypedDict):
    matrix: Matrix | None
    independent: dict[str, float]


def _of_best(run_id: int) -> _OfBest:
    rows = FinalResult.objects.filter(run_id=run_id, split="val")
    found = rows.values("confusion_matrix", "patients", "statistics").first()
    if found is None:
        return {"matrix": None, "independent": {}}
    known = found["patients"] is not None
    return {"matrix": found["confusion_matrix"], "independent": _independent(found["statistics"]) if known else {}}


def _independent(statistics: Mapping[str, Number]) -> dict[str, float]:
    """Return of how many independent samples each interval is that follows patients."""
    found: dict[str, float] = {}
    for row in (row for row in statistics if row.partition("/")[0] in _FOLLOWING):
        name, slash, label = row.partition("/")
        ends = [statistics.get(f"{name}_ci_{end}{slash}{label}") for end in ("low", "high")]
        known = [value for value in (statistics[row], *ends) if value is not None]
        trials = trials_of(*known) if len(known) == 3 else None
        if trials is not None:
            found[f"{_FOLLOWING[name]}{slash}{label}"] = trials
    return found


def _recent(run: Run) -> list[Event]:
    """Read the newest sampled events of the attempt, in their order."""
    after = max(0, run.last_seq - RECENT)
    rows = RunEvent.objects.filter(run_id=run.pk, seq__gt=after, attempt=run.attempt, type__in=_SAMPLED)
    newest = list(rows.order_by("-seq").values_list("type", "data")[:SAMPLES])[::-1]
    if len(newest) < SAMPLES and run.status in Run.ENDED:  # others may be packed
        found = events_after(run.pk, after, RECENT, types=_SAMPLED)
        newest = [(one.type, one.data) for one in found if one.attempt == run.attempt][-SAMPLES:]
    return _decoded(newest)


def _first_gradients(run: Run) -> list[GradientStats]:
    found = events_after(run.pk, 0, WINDOW, until=RECENT, types=[GradientStats.type])
    events = _decoded([(event.type, event.data) for event in found])
    return [event for event in events if isinstance(event, GradientStats)]


def _decoded(rows: Sequence[tuple[str, str]]) -> list[Event]:
    """Decode events, leaving out those unknown to this version: a newer server may have written them."""
    events = []
    for type_, data in rows:
        try:
            events.append(decode(type_, data.encode()))
        except msgspec.ValidationError:
            continue
    return events
