"""The lines of a list as plain rows: what `serializers.run_summary` shows of a run, without a model for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db.models import DateTimeField, Func

from access.models import Project
from runs.models import Run, RunTag
from runs.statements.prepared_query import PreparedQuery


class RunRow(NamedTuple):
    """The columns of a run that a line of a list needs, named as those of `Run`.

    Of its owner, project and tags it has the names.
    """

    id: int
    experiment_name: str
    training_mode: str
    source_path: str
    status: str
    priority: int
    queued_at: datetime | None
    replaced: bool
    reason: str | None
    notes: list[Any]
    model_name: str
    deleted_at: datetime | None
    touched_at: datetime | None
    group_id: int | None
    fold: int | None
    folds: int | None
    owner_id: int
    project_id: int
    created_at: datetime
    start_time: datetime | None
    end_time: datetime | None
    duration_seconds: float | None
    spent_seconds: float
    attempt_start: datetime | None
    stop_request: str
    origin_id: int | None
    attempt: int
    last_seq: int
    progress: float
    current_epoch: int | None
    max_epochs: int
    samples_per_second: float | None
    eta_seconds: float | None
    monitor: str
    best_epoch: int | None
    best_value: float | None
    best_val_recall: float | None
    best_val_recall_epoch: int | None
    best_val_loss: float | None
    best_val_loss_epoch: int | None
    final_split: str
    cm_tp: int | None
    cm_tn: int | None
    cm_fp: int | None
    cm_fn: int | None
    final_precision: float | None
    final_recall: float | None
    final_f1: float | None
    final_auroc: float | None
    owner_name: str
    project_name: str
    tag_names: list[str]

    @property
    def pk(self) -> int:
        """The id, as models name it too."""
        return self.id


class AsStored(Func):
    """A time as the database holds it: sqlite3 would parse that of each row, though most are known already."""

    arity = 1

    def as_sql(self, compiler: Any, *_unused: Any, **_options: Any) -> tuple[str, Any]:
        """Write the column."""
        sql, parameters = compiler.compile(self.source_expressions[0])
        return str(sql), parameters

    def as_sqlite(self, compiler: Any, *_unused: Any, **_options: Any) -> tuple[str, Any]:
        """Write an expression, of which sqlite3 does not know that it is a time."""
        sql, parameters = self.as_sql(compiler)
        return f"({sql} || '')", parameters


SUMMARY_COLUMNS = RunRow._fields[:-3]
_TIMES = {name for name in SUMMARY_COLUMNS if isinstance(Run._meta.get_field(name), DateTimeField)}
_SELECTED = [AsStored(name, output_field=DateTimeField()) if name in _TIMES else name for name in SUMMARY_COLUMNS]
_ROWS = PreparedQuery(lambda ids: Run.objects.filter(pk__in=ids).order_by().values_list(*_SELECTED))
_OWNERS = PreparedQuery(lambda ids: User.objects.filter(pk__in=ids).order_by().values_list("pk", "username"))
_PROJECTS = PreparedQuery(lambda ids: Project.objects.filter(pk__in=ids).order_by().values_list("pk", "name"))
_TAGS = PreparedQuery(lambda ids: RunTag.objects.filter(run__in=ids).order_by("name").values_list("run_id", "name"))
_OWNER, _PROJECT, _STATUS, _MONITOR = map(SUMMARY_COLUMNS.index, ("owner_id", "project_id", "status", "monitor"))


class StoredRow(NamedTuple):
    """What the database holds of a run for its line: hashable, and equal where all that the line shows is equal."""

    columns: tuple[Any, ...]
    owner_name: str
    project_name: str
    tag_names: tuple[str, ...]

    @property
    def id(self) -> int:
        """The run's id."""
        return int(self.columns[0])

    @property
    def status(self) -> str:
        """The run's status."""
        return str(self.columns[_STATUS])

    @property
    def monitor(self) -> str:
        """The name of the run's monitored metric."""
        return str(self.columns[_MONITOR])


def stored_rows(run_ids: Collection[int]) -> list[StoredRow]:
    """Read those runs in that order, in four queries; without those that no longer exist."""
    if not run_ids:
        return []
    found = {row[0]: row for row in _ROWS.stored(list(run_ids))}
    owners = _names_by(_OWNERS, _OWNER, found)
    projects = _names_by(_PROJECTS, _PROJECT, found)
    tags: dict[int, list[str]] = defaultdict(list)
    for run_id, name in _TAGS.rows(list(run_ids)):
        tags[run_id].append(name)
    return [
        StoredRow(row, owners.get(row[_OWNER], ""), projects.get(row[_PROJECT], ""), tuple(tags.get(run_id, ())))
        for run_id in run_ids
        if (row := found.get(run_id)) is not None
    ]


def _names_by(query: PreparedQuery, column: int, found: Mapping[int, Sequence[Any]]) -> dict[int, str]:
    """Read the names behind the numbers in one column of the rows."""
    numbers = sorted({row[column] for row in found.values()})
    return dict(query.rows(numbers)) if numbers else {}


def converted(row: StoredRow) -> RunRow:
    """Convert what the database holds to the values of a run's fields."""
    return RunRow._make((*_ROWS.converted(row.columns), row.owner_name, row.project_name, list(row.tag_names)))


def run_rows(run_ids: Collection[int]) -> list[RunRow]:
    """Read those runs as `stored_rows` does, and convert them."""
    return [converted(row) for row in stored_rows(run_ids)]
