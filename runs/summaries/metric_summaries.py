"""Keep what a list shows of each metric up to date: last, lowest and highest value, the monitored curve."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from runs.derived_models import KnownColumn, MetricSummary
from runs.models import Run, RunMetric
from runs.statements.bulk_insert import BulkInsert
from runs.statements.prepared_query import PreparedQuery
from runs.summaries import known_columns
from runs.summaries.sparklines import Curve, extended

Values = Mapping[str, float | None]
Points = tuple[Sequence[int], Sequence[float | None]]
"""The epochs of one metric, and its values there."""
_FIELDS = ["last", "last_epoch", "low", "high", "curve"]
_ROWS = BulkInsert(MetricSummary, ["run", "name", *_FIELDS], unique=["run", "name"], updating=_FIELDS)
_CURVES = PreparedQuery(
    lambda ids, names: (
        MetricSummary.objects.filter(run_id__in=ids, name__in=names)
        .order_by()
        .values_list("run_id", "name", Cast("curve", TextField()))
    )
)
_MONITOR = PreparedQuery(lambda pk: Run.objects.filter(pk=pk).order_by().values_list("monitor"))
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


class _Summary(msgspec.Struct):
    """The columns of a row; `curve` is JSON."""

    last: float | None = None
    last_epoch: int = 0
    low: float | None = None
    high: float | None = None
    curve: str | None = None


def add_epochs(run_id: int, epochs: Sequence[tuple[int, Values]]) -> None:
    """Add the metrics of later epochs, each given with its number.

    Must run inside the caller's transaction, which has locked the run's row.
    """
    if epochs:
        known = _known(run_id)
        changed = _extended(run_id, known, epochs)
        _store(run_id, changed, known)


def add_final(run_id: int, epoch: int, statistics: Values) -> None:
    """Add one split's final statistics, which replace those of the split before; in a transaction as `add_epochs`."""
    _store(run_id, _extended(run_id, {}, [(epoch, statistics)]), _known(run_id))


def rebuild(run_id: int) -> None:
    """Build the summaries again from the stored epochs, after some were voided."""
    MetricSummary.objects.filter(run_id=run_id).delete()
    stored = RunMetric.objects.filter(run_id=run_id, context="epoch", class_name="", client_id=None, round_id=None)
    values = stored.order_by("epoch", "id").values_list("epoch", "metric_name", "value")
    _store(run_id, _extended(run_id, {}, ((epoch, {name: value}) for epoch, name, value in values)), {})


def stored_curves(monitors: Mapping[int, str]) -> dict[int, str]:
    """Read the curve of each run's monitored metric, as JSON, of the runs that have one, in one query.

    `monitors` maps run ids to names of metrics.
    """
    if not monitors:
        return {}
    rows = _CURVES.rows(list(monitors), sorted(set(monitors.values())))
    return {run_id: curve for run_id, name, curve in rows if name == monitors[run_id] and curve}


def _known(run_id: int) -> dict[str, _Summary]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT name, {', '.join(_FIELDS)} FROM runs_metricsummary WHERE run_id = %s", [run_id])  # noqa: S608
        return {name: _Summary(*columns) for name, *columns in cursor.fetchall()}


def _extended(run_id: int, known: Mapping[str, _Summary], epochs: Iterable[tuple[int, Values]]) -> dict[str, _Summary]:
    """Return what becomes of the summaries of all metrics that these epochs have."""
    points = _by_metric(list(epochs))
    changed = {name: _later(known.get(name), *of_metric) for name, of_metric in points.items() if "/" not in name}
    ((monitor,),) = _MONITOR.rows(run_id)
    if monitor in changed:
        row = changed[monitor]
        curve = None if row.curve is None else _DECODER.decode(row.curve)
        row.curve = _encoded(extended(curve, zip(*points[monitor], strict=True)))
    return changed


def _by_metric(epochs: Sequence[tuple[int, Values]]) -> dict[str, Points]:
    """Return each metric's epochs and values; all epochs of a phase have the same metrics, so mostly by columns."""
    numbers = [epoch for epoch, _ in epochs]
    names = tuple(epochs[0][1]) if epochs else ()
    if all(tuple(metrics) == names for _, metrics in epochs):
        columns = zip(*(metrics.values() for _, metrics in epochs), strict=True)
        return {name: (numbers, column) for name, column in zip(names, columns, strict=True)}
    points: dict[str, tuple[list[int], list[float | None]]] = {}
    for epoch, metrics in epochs:
        for name, value in metrics.items():
            of_metric = points.setdefault(name, ([], []))
            of_metric[0].append(epoch)
            of_metric[1].append(value)
    return dict(points)


def _later(known: _Summary | None, epochs: Sequence[int], values: Sequence[float | None]) -> _Summary:
    """Return the row once it has the values of these later epochs."""
    row = _Summary() if known is None else known
    row.last_epoch, row.last = epochs[-1], values[-1]
    finite = _finite(values)
    if finite:
        # The value that was there first stays where zeros differ by their sign.
        row.low = min(finite if row.low is None else [row.low, *finite])
        row.high = max(finite if row.high is None else [row.high, *finite])
    return row


def _finite(values: Sequence[float | None]) -> Sequence[float]:
    """Leave out what is unknown or infinite; a finite sum says that nothing is."""
    if None not in values and math.isfinite(sum(values)):  # type: ignore[arg-type]
        return values  # type: ignore[return-value]
    return [value for value in values if value is not None and math.isfinite(value)]


def _encoded(curve: Curve | None) -> str | None:
    return None if curve is None else msgspec.json.encode(curve).decode()


def _store(run_id: int, changed: Mapping[str, _Summary], known: Collection[str]) -> None:
    if new := changed.keys() - set(known):
        known_columns.register(KnownColumn.Kind.METRIC, new)
    _ROWS.insert([(run_id, name, *msgspec.structs.astuple(row)) for name, row in changed.items()])
