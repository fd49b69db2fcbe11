"""Query parameters of the reading endpoints: which are accepted, and what they mean for a query.

A wrong value and an unknown parameter are errors that name the cure: neither must be ignored silently.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from rest_framework import serializers
from rest_framework.request import Request

from access.decisions import access_of
from runs.derived_models import ListedRun
from runs.errors import InvalidRequest, invalid
from runs.events import EVENT_TYPES
from runs.listing import columns, orderings
from runs.listing.columns import MOST_COLUMNS, Column
from runs.listing.grouping import BY
from runs.listing.search import has_words
from runs.models import Run, RunTag
from runs.projects.project_names import numbers_of
from runs.queries import limits_of, may_see
from runs.tagging.tag_names import normalised

M = TypeVar("M", bound=Model)
T = TypeVar("T")

RUN_LOOKUPS = {
    "status": "status__in",
    "mode": "training_mode__in",
    "name": "experiment_name__icontains",
    "experiment": "experiment_name__in",
    "owner": "owner__username__in",
    "source_path": "source_path__in",
    "dataset": "source_path__in",
    "model": "model_name__in",
    "group": "group_id__in",
    "final_split": "final_split__in",
    "created_after": "created_at__gte",
    "created_before": "created_at__lt",
}
METRIC_LOOKUPS = {"name": "metric_name__in", "split": "dataset_type__in", "context": "context__in"}


class Listed(serializers.CharField):
    """Values separated by commas; `known` are those possible, None means any. A backslash keeps a comma in a value."""

    def __init__(self, known: Iterable[str] | None = None, **options: Any) -> None:
        self.known = None if known is None else tuple(known)
        super().__init__(**{"max_length": 2_000, "required": False} | options)

    def to_internal_value(self, data: Any) -> Any:
        """Split the text at commas; raises ValidationError for a value that is not possible."""
        parts = re.split(r"(?<!\\),", super().to_internal_value(data))
        values = [part.replace("\\,", ",").strip() for part in parts if part.strip()]
        for value in values:
            if self.known is not None and value not in self.known:
                raise serializers.ValidationError(f"{value!r} is not one of {', '.join(self.known)}.")
        return values


class Numbers(Listed):
    """Numbers of rows, separated by commas."""

    def to_internal_value(self, data: Any) -> Any:
        """Parse the numbers; raises ValidationError for anything else."""
        values = super().to_internal_value(data)
        for value in values:
            if not (value.isascii() and value.isdigit() and len(value) < 20 and 0 < int(value) < 2**63):
                raise serializers.ValidationError(f"{value!r} is not a number; write one or more, separated by commas.")
        return [int(value) for value in values]


class Moment(serializers.CharField):
    """A date (its first moment, UTC) or an ISO 8601 time (UTC unless it says otherwise)."""

    def to_internal_value(self, data: Any) -> Any:
        """Parse the date or time into an aware datetime; raises ValidationError for anything else."""
        text = super().to_internal_value(data)
        try:
            moment = parse_datetime(text) or _first_moment(text)
        except ValueError:
            moment = None
        if moment is None:
            cure = "write 2026-01-31 or 2026-01-31T12:00:00Z (a + as %2B)"
            raise serializers.ValidationError(f"{text!r} is not a time; {cure}.")
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Parameters(serializers.Serializer[Any]):
    """The base of all parameters, and the parameters of an address that takes none."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse unknown parameters, leave out blank ones and parse the others."""
        known = self.fields
        if unknown := [name for name in data if name not in known]:
            raise InvalidRequest({"field": name, "message": self._cure()} for name in unknown)
        return super().to_internal_value({name: value for name, value in data.items() if value != ""})

    def _cure(self) -> str:
        possible = f"possible are {', '.join(sorted(self.fields))}" if self.fields else "there are none here"
        return f"Unknown parameter; {possible}."


class Choice(Parameters):
    """The selection of runs: each given parameter must hold, of several values of one parameter any.

    `created_after` includes its moment, `created_before` does not; `deleted` are those that can be restored.
    """

    search = serializers.CharField(
        max_length=200, required=False, help_text="Words that name, notes or description have."
    )
    name = serializers.CharField(max_length=200, required=False, help_text="A part of the name.")
    status = Listed(Run.Status.values, help_text="Any of these states.")
    mode = Listed(("centralized", "federated"), help_text="Any of these ways of training.")
    experiment = Listed(max_length=20_000, help_text="Any of these names, exactly.")
    tag = Listed(help_text="Any of these tags.")
    source_path = Listed(max_length=20_000, help_text="Any of these data.")
    dataset = Listed(max_length=20_000, help_text="The same as `source_path`.")
    model = Listed(help_text="Any of these networks.")
    owner = Listed(help_text="Any of these users.")
    project = Listed(help_text="Any of these projects, by name or number.")
    group = Numbers(help_text="Any of these groups, by number.")
    final_split = Listed(("test", "val"), help_text="Evaluated on any of these splits.")
    created_after = Moment(required=False, help_text="From this date or time on, ISO 8601.")
    created_before = Moment(required=False, help_text="Before this date or time, ISO 8601.")
    deleted = serializers.BooleanField(
        default=False, help_text="Deleted runs that can be restored, in place of the others."
    )

    def validate_tag(self, value: list[str]) -> list[str]:
        """Spell the tags as they are stored."""
        return list(_in_words(lambda: normalised(value)))

    def validate_project(self, value: list[str]) -> list[int]:
        """Read the numbers of those projects that exist."""
        return numbers_of(value)


_CHOOSING = frozenset(Choice().fields) - {"deleted"}  # which always has a value


def chooses_all(asked: Mapping[str, Any]) -> bool:
    """Return whether checked parameters choose all runs that are not deleted, whatever else they ask for."""
    return not asked["deleted"] and _CHOOSING.isdisjoint(asked)


def chooses_projects(user: User | AnonymousUser, asked: Mapping[str, Any]) -> bool:
    """Return whether they choose all runs of `project_limits` that are not deleted, for a user with an account."""
    return not asked["deleted"] and not access_of(user).only_runs and (_CHOOSING - {"project"}).isdisjoint(asked)


class RunParameters(Choice):
    """Parameters of the run list.

    A leading - of `ordering` descends; `columns` and `sparkline` add to each summary's fields.
    """

    ordering = serializers.CharField(
        default="-id", max_length=400, help_text="What the list is sorted by; with - in front, descending."
    )
    columns = Listed(max_length=10_000, help_text="Options and metrics that each line shows.")
    sparkline = serializers.BooleanField(default=False, help_text="Whether each line has its small curve.")
    page_size = serializers.IntegerField(min_value=1, max_value=200, default=50, help_text="Runs on a page.")
    cursor = serializers.CharField(required=False, help_text="From a link `next` or `previous`.")

    def validate_ordering(self, value: str) -> str:
        """Refuse an ordering that does not exist."""
        return _in_words(lambda: orderings.check(value))

    def validate_columns(self, value: list[str]) -> list[Column]:
        """Parse the columns; refuse unknown ones and more than `MOST_COLUMNS`."""
        if len(value) > MOST_COLUMNS:
            raise serializers.ValidationError(f"{len(value)} columns; choose at most {MOST_COLUMNS}.")
        return _in_words(lambda: columns.parse(value))


class GroupedParameters(Choice):
    """Parameters of runs grouped by what they share, the groups with the newest runs first."""

    by = serializers.ChoiceField(tuple(BY), help_text="What the runs of a group share.")
    page_size = serializers.IntegerField(min_value=1, max_value=100, default=20, help_text="Groups on a page.")
    cursor = serializers.CharField(required=False, help_text="From a link `next` or `previous`.")


class GroupParameters(Parameters):
    """Parameters of the list of groups, newest first."""

    page_size = serializers.IntegerField(min_value=1, max_value=100, default=20, help_text="Groups on a page.")
    cursor = serializers.CharField(required=False, help_text="From a link `next` or `previous`.")


class MetricParameters(Parameters):
    """Parameters that narrow the series of a run; without any, all are returned."""

    name = Listed(help_text="Any of these metrics.")
    split = Listed(("train", "val", "test"), help_text="Any of these splits.")
    # DRF keeps the name `context` for itself, so the field is declared below.

    def get_fields(self) -> dict[str, Any]:
        """Add the field `context` to the declared ones."""
        return {
            **super().get_fields(),
            "context": Listed(("epoch", "final"), help_text="Of epochs, or of the best checkpoint."),
        }


class EventsParameters(Parameters):
    """Parameters of a page of the journal.

    `wait` is in seconds; `types` empty means all.
    """

    after = serializers.IntegerField(
        min_value=0, max_value=2**63 - 1, default=0, help_text="The number of the last event you have."
    )
    wait = serializers.FloatField(min_value=0, max_value=30, default=0, help_text="Seconds to wait for something new.")
    limit = serializers.IntegerField(min_value=1, max_value=5_000, default=1_000, help_text="At most so many events.")
    types = Listed(EVENT_TYPES, default=(), help_text="Only events of these types.")

    def validate_wait(self, value: float) -> float:
        """Refuse NaN, which passes the comparisons with the bounds."""
        if not math.isfinite(value):
            raise serializers.ValidationError("Must be a number of seconds from 0 to 30.")
        return value


def validated(parameters: type[Parameters], request: Request) -> dict[str, Any]:
    """Check the request's query parameters; raises InvalidRequest naming each wrong one."""
    try:
        return dict(_made(parameters).run_validation(request.query_params.dict()))
    except serializers.ValidationError as error:
        raise invalid(error, "parameter") from error
    except InvalidRequest as refused:
        refused.place = "parameter"
        raise


@cache
def _made(parameters: type[Parameters]) -> Parameters:
    """Make the parameters once: copying their fields for a request takes longer than checking it.

    Checking keeps nothing in them.
    """
    made = parameters()
    made.fields  # noqa: B018  # built at its first use, which must not be that of two threads
    return made


def narrowed(rows: QuerySet[M], lookups: Mapping[str, str], asked: Mapping[str, Any]) -> QuerySet[M]:
    """Keep only the rows that the given parameters ask for."""
    return rows.filter(_fits(lookups, asked))


def chosen(user: User | AnonymousUser, asked: Mapping[str, Any], *, by_project: bool = True) -> QuerySet[Run]:
    """Select the runs that the parameters of a `Choice` mean for that user; `by_project` as of `are_chosen`."""
    condition = are_chosen(user, asked, by_project=by_project)
    if "search" in asked:
        return Run.objects.filter(pk__in=ListedRun.objects.filter(condition).values("pk"))
    return Run.objects.filter(condition)


def are_chosen(user: User | AnonymousUser, asked: Mapping[str, Any], *, by_project: bool = True) -> Q:
    """Return the condition on `ListedRun` for the runs that the parameters of a `Choice` mean for that user.

    Without a search it is one on `Run` too. `by_project` is as of `queries.in_projects`.
    """
    sees = may_see(user, deleted=asked["deleted"], among=asked.get("project"), by_project=by_project)
    condition = sees & _fits(RUN_LOOKUPS, asked)
    if "tag" in asked:
        condition &= Q(pk__in=RunTag.objects.filter(name__in=asked["tag"]).values("run"))
    return condition & has_words(asked["search"]) if "search" in asked else condition


def project_limits(user: User | AnonymousUser, asked: Mapping[str, Any]) -> list[int] | None:
    """Return the projects to which rights and the parameters of a `Choice` limit the runs; None: all."""
    return limits_of(user, asked.get("project"))


def _fits(lookups: Mapping[str, str], asked: Mapping[str, Any]) -> Q:
    return Q(**{lookup: asked[name] for name, lookup in lookups.items() if name in asked})


def _in_words(check: Callable[[], T]) -> T:
    """Call `check` and turn its ValueError into a ValidationError."""
    try:
        return check()
    except ValueError as error:
        raise serializers.ValidationError(str(error)) from error


def _first_moment(text: str) -> datetime | None:
    date = parse_date(text)
    return None if date is None else datetime(date.year, date.month, date.day)
