"""Keep what a list shows of each metric up to date: last, lowest and highest value, the monitored curve."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from runs.derived_models import KnownColumn, MetricSummary
from runs.models import Run, RunMetric
from runs.prepared.prepared_query import PreparedQuery
from runs.statements import row_change
from runs.statements.bulk_insert import BulkInsert
from runs.summaries import known_columns
from runs.summaries.sparklines import Curve, grown

Values = Mapping[str, float | None]
_FIELDS = ["last", "last_epoch", "low", "high", "curve"]
_ROWS = BulkInsert(MetricSummary, ["run", "name", *_FIELDS], unique=["run", "name"], updating=_FIELDS)
_CURVES = PreparedQuery(
    lambda ids, names: (
        MetricSummary.objects.filter(run_id__in=ids, name__in=names)
        .order_by()
        .values_list("run_id", "name", Cast("curve", TextField()))
    )
)


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
    (monitor,) = row_change.read(Run, run_id, "monitor")
    changed: dict[str, _Summary] = {}
    curve: list[tuple[int, float | None]] = []
    for epoch, metrics in epochs:
        for name, value in metrics.items():
            if "/" not in name:
                row = changed.get(name) or changed.setdefault(name, known.get(name) or _Summary())
                _extend(row, epoch, value)
                if name == monitor:
                    curve.append((epoch, value))
    if curve:
        row = changed[monitor]
        row.curve = _encoded(_grown(row.curve, curve))
    return changed


def _extend(row: _Summary, epoch: int, value: float | None) -> None:
    """Add a later epoch's value to the row."""
    row.last, row.last_epoch = value, epoch
    if value is not None and math.isfinite(value):
        row.low = value if row.low is None or value < row.low else row.low
        row.high = value if row.high is None or value > row.high else row.high


def _grown(encoded: str | None, points: Iterable[tuple[int, float | None]]) -> Curve | None:
    curve: Curve | None = None if encoded is None else msgspec.json.decode(encoded)
    for epoch, value in points:
        curve = grown(curve, epoch, value)
    return curve


def _encoded(curve: Curve | None) -> str | None:
    return None if curve is None else msgspec.json.encode(curve).decode()


def _store(run_id: int, changed: Mapping[str, _Summary], known: Collection[str]) -> None:
    if new := changed.keys() - set(known):
        known_columns.register(KnownColumn.Kind.METRIC, new)
    _ROWS.insert([(run_id, name, *msgspec.structs.astuple(row)) for name, row in changed.items()])
