"""Keep what a list shows of each metric up to date: last, lowest and highest value, the monitored curve."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec
from django.db.models import TextField
from django.db.models.functions import Cast

from runs.derived_models import KnownColumn, MetricSummary
from runs.models import Run, RunMetric
from runs.prepared.prepared_query import PreparedQuery
from runs.summaries import known_columns
from runs.summaries.sparklines import grown, values

_UPDATED = ["last", "last_epoch", "low", "high", "curve"]
_BY = ["run", "name"]
_SAVED = 500
_CURVES = PreparedQuery(
    lambda ids, names: (
        MetricSummary.objects.filter(run_id__in=ids, name__in=names)
        .order_by()
        .values_list("run_id", "name", Cast("curve", TextField()))
    )
)
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def add(run_id: int, epoch: int, metrics: Mapping[str, float | None], *, final: bool = False) -> None:
    """Add an epoch's metrics, or one split's final statistics, which replace those of the split before.

    Must run inside the caller's transaction, which has locked the run's row.
    """
    whole = {name: value for name, value in metrics.items() if "/" not in name}
    monitor = Run.objects.values_list("monitor", flat=True).get(pk=run_id)
    known = {row.name: row for row in MetricSummary.objects.filter(run_id=run_id, name__in=whole)}
    if whole.keys() - known.keys():
        known_columns.register(KnownColumn.Kind.METRIC, whole.keys() - known.keys())
    rows = [
        _extended(_row(None if final else known.get(name), run_id, name), epoch, value, curved=name == monitor)
        for name, value in whole.items()
    ]
    _save(rows)


def rebuild(run_id: int) -> None:
    """Build the summaries again from the stored epochs, after some were voided."""
    MetricSummary.objects.filter(run_id=run_id).delete()
    monitor = Run.objects.values_list("monitor", flat=True).get(pk=run_id)
    stored = RunMetric.objects.filter(run_id=run_id, context="epoch", class_name="", client_id=None, round_id=None)
    rows: dict[str, MetricSummary] = {}
    for name, epoch, value in stored.order_by("epoch", "id").values_list("metric_name", "epoch", "value"):
        rows[name] = _extended(_row(rows.get(name), run_id, name), epoch, value, curved=name == monitor)
    _save(list(rows.values()))


def sparklines(monitors: Mapping[int, str]) -> dict[int, list[float]]:
    """Read the curve of each run's monitored metric, of the runs that have one, in one query.

    `monitors` maps run ids to names of metrics.
    """
    if not monitors:
        return {}
    rows = _CURVES.rows(list(monitors), sorted(set(monitors.values())))
    return {
        run_id: values(_DECODER.decode(curve)) for run_id, name, curve in rows if name == monitors[run_id] and curve
    }


def _row(known: MetricSummary | None, run_id: int, name: str) -> MetricSummary:
    """Return a row to insert, or one that replaces the known row by its run and name."""
    row = known or MetricSummary(run_id=run_id, name=name)
    row.pk = None
    return row


def _extended(row: MetricSummary, epoch: int, value: float | None, *, curved: bool) -> MetricSummary:
    """Add a later epoch's value to the row."""
    row.last, row.last_epoch = value, epoch
    if value is not None and math.isfinite(value):
        row.low = value if row.low is None else min(row.low, value)
        row.high = value if row.high is None else max(row.high, value)
    if curved:
        row.curve = grown(row.curve, epoch, value)
    return row


def _save(rows: list[MetricSummary]) -> None:
    MetricSummary.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=_BY, update_fields=_UPDATED, batch_size=_SAVED
    )
