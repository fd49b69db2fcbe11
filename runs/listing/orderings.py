"""Sort lists of runs: by every field of a summary, and by every column that a user can choose."""

from __future__ import annotations

from django.db.models import Case, Min, OuterRef, QuerySet, SmallIntegerField, Subquery, When

from runs.derived_models import MetricSummary
from runs.listing import columns
from runs.listing.json_values import JSONNumber, JSONText
from runs.listing.pagination import Order
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


def ordered(runs: QuerySet[Run], ordering: str) -> tuple[QuerySet[Run], Order]:
    """Annotate the runs with what a checked `ordering` sorts by, and return its Order; unknown values come last."""
    name, descending = ordering.removeprefix("-"), ordering.startswith("-")
    if name in ("id", "run_id"):
        return runs, Order(ordering, tie_descending=descending)
    if name in FINALS:
        return _by_split(runs, ordering, FIELDS[name])
    if name in FIELDS:
        if name == "tags":
            runs = runs.annotate(first_tag=_first_tag())
        return runs, Order(ordering, (FIELDS[name],), descending)
    [column] = columns.parse([name])
    if column.kind == "metric":
        known = MetricSummary.objects.filter(run=OuterRef("pk"), name=column.name).order_by().values(column.part)
        runs = runs.annotate(sort_value=Subquery(known))
        if column.name.startswith(FINAL):
            return _by_split(runs, ordering, "sort_value")
        return runs, Order(ordering, ("sort_value",), descending)
    runs = runs.annotate(sort_number=JSONNumber("config", column.path), sort_text=JSONText("config", column.path))
    return runs, Order(ordering, ("sort_number", "sort_text"), descending)


def _by_split(runs: QuerySet[Run], ordering: str, column: str) -> tuple[QuerySet[Run], Order]:
    """Order by a final number, that of test splits before that of validation; unknown values have no rank."""
    descending = ordering.startswith("-")
    rank = _split_rank(column, first=1 if descending else 0)
    return runs.annotate(split_rank=rank), Order(ordering, ("split_rank", column), descending)


def _split_rank(column: str, *, first: int) -> Case:
    """Rank the test split `first`, 0 or 1, the validation split the other."""
    return Case(
        When(**{f"{column}__isnull": True}, then=None),
        When(final_split="test", then=first),
        default=1 - first,
        output_field=SmallIntegerField(),
    )


def _first_tag() -> Subquery:
    of_run = RunTag.objects.filter(run=OuterRef("pk")).order_by().values("run")
    return Subquery(of_run.annotate(first=Min("name")).values("first"))
