"""The columns of a list that a user chooses: `config.<path>`, and `metric.<name>` with the part of it to show.

`metric.val_auroc.best` is the highest value of all epochs (the lowest of a loss), `.last` the newest one, `.min` and
`.max` the extremes; without an ending it is `.last`, the only value that a final statistic has.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from django.db.models import TextField
from django.db.models.functions import Cast

from runs.derived_models import KnownColumn, MetricSummary
from runs.models import Run
from runs.statements.prepared_query import PreparedQuery
from runs.statistics.metric_names import lower_is_better
from runs.summaries import known_columns

MOST_COLUMNS = 50
REMEMBERED = 512
"""Configurations, of 2 KiB each, of which the chosen values are known."""
PARTS = {"last": "last", "min": "low", "max": "high"}
_CONFIG = re.compile(r"config((?:\.[A-Za-z0-9_-]+)+)")
_METRIC = re.compile(r"metric\.([A-Za-z0-9_-]+)(?:\.(best|last|min|max))?")
_PARTS = tuple(PARTS.values())
# The text of a configuration, which is decoded faster than Django does it.
_CONFIGS = PreparedQuery(
    lambda ids: Run.objects.filter(pk__in=ids).order_by().values_list("pk", Cast("config", TextField()))
)
_SUMMARIES = PreparedQuery(
    lambda ids, names: (
        MetricSummary.objects.filter(run_id__in=ids, name__in=names).order_by().values_list("run_id", "name", *_PARTS)
    )
)
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
FORM = "write config.<path>, such as config.optimizer.learning_rate, or metric.<name>, such as metric.val_auroc.best"


class Column(NamedTuple):
    """A chosen column.

    `key` is what the user wrote; `name` a configuration's path or a metric; `part` a column of MetricSummary.
    """

    key: str
    kind: KnownColumn.Kind
    name: str
    part: str

    @property
    def path(self) -> list[str]:
        """The names along a configuration's path."""
        return self.name.split(".")


def parse(keys: Iterable[str]) -> list[Column]:
    """Parse keys into columns, each once, in one or two queries.

    Raises ValueError naming the first key that is a column of no run, and the cure.
    """
    columns = [_parsed(key) for key in dict.fromkeys(keys)]
    for kind in KnownColumn.Kind:
        missing = known_columns.unknown(kind, [c.name for c in columns if c.kind == kind])
        if missing:
            raise ValueError(f"{kind}.{missing[0]}: no run has had that; GET /api/runs/facets/ lists what there is.")
    return columns


def chosen(run_ids: Sequence[int], columns: Sequence[Column]) -> dict[int, dict[str, Any]]:
    """Read the values of those columns for each run, null where unknown; two queries for any number of runs."""
    found: dict[int, dict[str, Any]] = {run_id: {column.key: None for column in columns} for run_id in run_ids}
    if not run_ids:
        return found
    if options := {column.key: column.name for column in columns if column.kind == "config"}:
        paths = tuple(options.values())
        for run_id, text in _CONFIGS.rows(run_ids):
            found[run_id] |= zip(options, _options(text, paths), strict=True)
    keys: dict[tuple[str, str], list[str]] = defaultdict(list)
    for column in columns:
        if column.kind == "metric":
            keys[column.name, column.part].append(column.key)
    if keys:
        for run_id, name, *values in _SUMMARIES.rows(run_ids, sorted({name for name, _ in keys})):
            for part, value in zip(_PARTS, values, strict=True):
                for key in keys.get((name, part), ()):
                    found[run_id][key] = value
    return found


def _parsed(key: str) -> Column:
    if found := _CONFIG.fullmatch(key):
        return Column(key, KnownColumn.Kind.CONFIG, found[1][1:], "")
    if found := _METRIC.fullmatch(key):
        name, part = found[1], found[2] or "last"
        if part == "best":
            part = "min" if lower_is_better(name) else "max"
        return Column(key, KnownColumn.Kind.METRIC, name, PARTS[part])
    raise ValueError(f"{key!r} is not a column; {FORM}.")


@lru_cache(REMEMBERED)
def _options(config: str, paths: tuple[str, ...]) -> tuple[Any, ...]:
    """Read the values at those paths of a configuration, given as JSON; None where there is none."""
    decoded = _DECODER.decode(config)
    return tuple(_inside(decoded, path.split(".")) for path in paths)


def _inside(value: Any, path: Iterable[str]) -> Any:
    """Return the value at the path; None if there is none."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value
