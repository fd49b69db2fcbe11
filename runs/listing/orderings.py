"""Sort lists of runs: by every field of a summary, and by every column that a user can choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, Min, OuterRef, Q, QuerySet, Subquery

from runs.derived_models import MetricSummary
from runs.listing import columns
from runs.listing.columns import Column
from runs.listing.option_order import by_option
from runs.listing.pagination import Lanes, Order
from runs.listing.run_parts import RUN, VALUE, RunPart, along, part
from runs.models import Run, RunTag
from runs.statistics.metric_names import COUNTS

FIELDS: dict[str, str] = {
    **{
        name: name
        for name in (
            "created_at", "start_time", "end_time", "experiment_name", "source_path", "status", "training_mode",
            "priority", "reason", "group_id", "fold", "folds", "duration_seconds", "spent_seconds", "attempt_start",
            "stop_request", "attempt", "last_seq", "progress", "max_epochs", "samples_per_second", "eta_seconds",
            "monitor", "best_epoch", "best_value", "best_val_recall", "best_val_recall_epoch", "best_val_loss",
            "best_val_loss_epoch", "final_split", *COUNTS, "final_precision",
            "final_recall", "final_f1", "final_auroc", "deleted_at",
        )
    },
    "owner": "owner__username",
    "project": "project__name",
    "dataset": "source_path",
    "model": "model_name",
    "group": "group_id",
    "origin": "origin_id",
    "epoch": "current_epoch",
    "tags": "first_tag",
}  # fmt: skip
"""Name to column; `id` and `run_id` are the runs' own order. Tags sort by the alphabetically first one."""
NAMES = ("id", "run_id", *FIELDS)
FINALS = ("final_precision", "final_recall", "final_f1", "final_auroc")
"""Numbers of the test split of one run, of validation of another: in either direction, those of the test come first.
So it is with each `metric.final_...`."""
FINAL = "final_"
MOST_PROJECTS = 100
"""Of more, one query with a part for each is too long; their runs are sorted."""


def check(ordering: str) -> str:
    """Return the ordering if it is possible; raises ValueError with the possible ones if not."""
    name = ordering.removeprefix("-")
    if name.startswith(("config.", "metric.")):
        columns.parse([name])
    elif name not in NAMES:
        raise ValueError(
            f"{ordering!r} is not possible; choose from {', '.join(NAMES)}, config.<path> and metric.<name>, "
            "with a leading - to descend."
        )
    return ordering


def ordered(runs: QuerySet[Run], ordering: str) -> tuple[list[RunPart], Order]:
    """Divide the runs into the parts of a checked `ordering`, of rows with an `id`; unknown values come last."""
    if is_by_number(ordering):
        return by_number(runs, ordering)
    name, descending = ordering.removeprefix("-"), ordering.startswith("-")
    order = Order(ordering, descending)
    if name in FIELDS:
        return _by_field(runs, FIELDS[name]), order
    [column] = columns.parse([name])
    return (_by_metric(runs, column) if column.kind == "metric" else by_option(runs, column.name, descending)), order


def is_by_number(ordering: str) -> bool:
    """Return whether a checked ordering is that of the runs' numbers."""
    return ordering.removeprefix("-") in ("id", "run_id")


def by_number(runs: QuerySet[Any], ordering: str, projects: Sequence[int] = ()) -> tuple[list[RunPart], Order]:
    """Order runs, or their short rows, by their numbers; those of several `projects` project by project.

    Each project has an index in that order, several together have none.
    """
    several = 1 < len(projects) <= MOST_PROJECTS
    lanes = Lanes("project_id", projects) if several else None
    return [part(runs)._replace(lanes=lanes)], Order(ordering, tie_descending=ordering.startswith("-"))


def _by_field(runs: QuerySet[Run], field: str) -> list[RunPart]:
    if field == "first_tag":
        has = Exists(RunTag.objects.filter(run=OuterRef("pk")))
        return [part(runs.filter(has).annotate(first_tag=_first_tag()), "first_tag"), part(runs.exclude(has))]
    if "__" in field or not Run._meta.get_field(field).null:
        return [part(runs, field)]
    known, unknown = runs.filter(**{f"{field}__isnull": False}), runs.filter(**{f"{field}__isnull": True})
    return [*(_by_split(known, field) if field in FINALS else [part(known, field)]), part(unknown)]


def _by_metric(runs: QuerySet[Run], column: Column) -> list[RunPart]:
    """Walk the summaries of that metric in the order of an index, each with its run."""
    known = along(runs, "metric_summaries", Q(metric_summaries__name=column.name), column.part)
    has = {f"{column.part}__isnull": False}
    unknown = runs.exclude(Exists(MetricSummary.objects.filter(run=OuterRef("pk"), name=column.name, **has)))
    finals = column.name.startswith(FINAL)
    parts = _by_split(known, VALUE, tie=RUN) if finals else [part(known, VALUE, tie=RUN)]
    return [*parts, part(unknown)]


def _by_split(known: QuerySet[Run], column: str, tie: str = "id") -> list[RunPart]:
    """Order by a final number, in either direction that of test splits before that of validation."""
    return [
        part(rows, column, tie=tie) for rows in (known.filter(final_split="test"), known.exclude(final_split="test"))
    ]


def _first_tag() -> Subquery:
    of_run = RunTag.objects.filter(run=OuterRef("pk")).order_by().values("run")
    return Subquery(of_run.annotate(first=Min("name")).values("first"))
