"""Query parameters of the reading endpoints: what may be asked for, and what it means for a query.

A wrong value and an unknown parameter are errors that name the cure: neither must be ignored silently.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request

from runs.events import EVENT_TYPES
from runs.models import Run

M = TypeVar("M", bound=Model)

ORDERINGS = (
    "id",
    "created_at",
    "start_time",
    "end_time",
    "experiment_name",
    "status",
    "training_mode",
    "duration_seconds",
    "progress",
    "best_value",
    "best_val_recall",
    "best_val_loss",
    "cm_tp",
    "cm_tn",
    "cm_fp",
    "cm_fn",
    "final_precision",
    "final_recall",
    "final_f1",
    "final_auroc",
)
RUN_LOOKUPS = {
    "status": "status__in",
    "mode": "training_mode__in",
    "name": "experiment_name__icontains",
    "group": "group_id",
    "created_after": "created_at__gte",
    "created_before": "created_at__lt",
}
METRIC_LOOKUPS = {"name": "metric_name__in", "split": "dataset_type__in", "context": "context__in"}


class Listed(serializers.CharField):
    """Values separated by commas; `known` are those possible, None means any."""

    def __init__(self, known: Iterable[str] | None = None, **options: Any) -> None:
        self.known = None if known is None else tuple(known)
        super().__init__(**{"max_length": 2_000, "required": False} | options)

    def to_internal_value(self, data: Any) -> Any:
        values = [part.strip() for part in super().to_internal_value(data).split(",") if part.strip()]
        for value in values:
            if self.known is not None and value not in self.known:
                raise serializers.ValidationError(f"{value!r} is not one of {', '.join(self.known)}.")
        return values


class Moment(serializers.CharField):
    """A date (its first moment, UTC) or an ISO 8601 time (UTC unless it says otherwise)."""

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            moment = parse_datetime(text) or _first_moment(text)
        except ValueError:
            moment = None
        if moment is None:
            cure = "write 2026-01-31 or 2026-01-31T12:00:00Z (a + as %2B)"
            raise serializers.ValidationError(f"{text!r} is no time; {cure}.")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Parameters(serializers.Serializer[Any]):
    """Base, and the parameters of an address that takes none."""

    def to_internal_value(self, data: Any) -> Any:
        if unknown := {name: self._cure() for name in data if name not in self.fields}:
            raise serializers.ValidationError(unknown)
        return super().to_internal_value({name: value for name, value in data.items() if value != ""})

    def _cure(self) -> list[ErrorDetail]:
        possible = f"possible are {', '.join(sorted(self.fields))}" if self.fields else "there are none here"
        return [ErrorDetail(f"Unknown parameter; {possible}.")]


class RunParameters(Parameters):
    """`created_after` includes its moment, `created_before` does not; a leading - of `ordering` descends."""

    status = Listed(Run.Status.values)
    mode = Listed(("centralized", "federated"))
    name = serializers.CharField(max_length=200, required=False)
    group = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    created_after = Moment(required=False)
    created_before = Moment(required=False)
    ordering = serializers.CharField(default="-id")
    page_size = serializers.IntegerField(min_value=1, max_value=200, default=50)
    cursor = serializers.CharField(required=False)

    def validate_ordering(self, value: str) -> str:
        if value.removeprefix("-") not in ORDERINGS:
            cure = f"choose from {', '.join(ORDERINGS)}, with a leading - to descend"
            raise serializers.ValidationError(f"{value!r} is not possible; {cure}.")
        return value


class GroupParameters(Parameters):
    """Newest first."""

    page_size = serializers.IntegerField(min_value=1, max_value=100, default=20)
    cursor = serializers.CharField(required=False)


class MetricParameters(Parameters):
    """Without any: every series of the run."""

    name = Listed()
    split = Listed(("train", "val", "test"))
    # DRF keeps the name `context` for itself, so the field is declared below.

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "context": Listed(("epoch", "final"))}


class EventsParameters(Parameters):
    """`wait` is in seconds; `types` empty means all."""

    after = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=0)
    wait = serializers.FloatField(min_value=0, max_value=30, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=5_000, default=1_000)
    types = Listed(EVENT_TYPES, default=())

    def validate_wait(self, value: float) -> float:
        if not math.isfinite(value):
            raise serializers.ValidationError("Must be a number of seconds from 0 to 30.")
        return value


def validated(parameters: type[Parameters], request: Request) -> dict[str, Any]:
    """The request's query parameters; raises ValidationError (400) naming each wrong one."""
    serializer = parameters(data=request.query_params.dict())
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def narrowed(rows: QuerySet[M], lookups: Mapping[str, str], asked: Mapping[str, Any]) -> QuerySet[M]:
    """Only the rows that the given parameters ask for."""
    return rows.filter(**{lookup: asked[name] for name, lookup in lookups.items() if name in asked})


def _first_moment(text: str) -> datetime | None:
    date = parse_date(text)
    return None if date is None else datetime(date.year, date.month, date.day)
