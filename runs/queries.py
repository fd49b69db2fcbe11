"""Read runs. `may_see` and `visible_runs` are the one place that applies what `access.decisions` decides to runs.

The projects of a user are read first and then named in the query, only where there are others: joined or looked up
within the query, they would draw lists away from the order of their index.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from django.contrib.auth.models import AnonymousUser, User
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import BooleanField, Exists, F, Func, Max, OuterRef, Prefetch, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.lookups import In

from access.decisions import Access, access_of, fresh_access_of
from access.models import Project
from access.roles import Role
from runs.events import EPHEMERAL_TYPES
from runs.models import FinalResult, Run, RunEvent, RunGroup, RunMetric
from runs.packed_journal import packed_events
from runs.statements.prepared_query import PreparedQuery
from runs.summaries.run_rows import SUMMARY_COLUMNS

# The condition of the index `lasting_events`, word for word and without parameters, else SQLite does not use the index.
_IS_DURABLE = RawSQL(  # noqa: S611  # built from constants only
    " AND ".join(f"NOT (type = '{type_}')" for type_ in sorted(EPHEMERAL_TYPES)),
    [],
    output_field=BooleanField(),
)


_CURVE_COLUMNS = tuple(  # in the order of the model's own, as `from_db` wants them
    column.attname
    for column in Run._meta.concrete_fields
    if column.attname in ("id", "project_id", "status", "last_seq", "created_at")
)
_CURVE_RUN = PreparedQuery(
    lambda pk: Run.objects.filter(pk=pk, deleted_at=None).order_by().values_list(*_CURVE_COLUMNS)
)


MOST_PARTS = 100
"""Of a query with a part for each project; SQLite allows 500."""
_NEWEST_OF_ONE = (
    "SELECT id FROM (SELECT id FROM runs_listedrun WHERE project_id = %s AND deleted_at IS NULL"
    " ORDER BY id DESC LIMIT {number:d}) AS of_{place:d}"
)


class Owned(Protocol):
    """Something that has an owner and belongs to a project."""

    @property
    def project_id(self) -> int | None:
        """The project."""

    @property
    def owner_id(self) -> int:
        """The user whose it is."""


class Head(NamedTuple):
    """The state of a run's journal: last number, status, and times of its last change by a user and of its deletion.

    All from one row, so they agree. `touched_at` is the last tagging, deletion or restoration; `deleted_at` is set
    while the run is deleted; `project_id` is where the run belongs.
    """

    id: int
    last_seq: int
    status: str
    touched_at: datetime | None = None
    deleted_at: datetime | None = None
    project_id: int = 0


_HEAD = PreparedQuery(lambda pk: Run.objects.filter(pk=pk, deleted_at=None).order_by().values_list(*Head._fields))


class Series(NamedTuple):
    """One metric over the epochs: `epochs` ascend, `values` has one for each. The other fields tell series apart."""

    metric_name: str
    dataset_type: str
    context: str
    class_name: str
    client_id: str | None
    round_id: int | None
    epochs: list[int]
    values: list[float | None]


SERIES_KEY = Series._fields[:-2]


def sees_all(user: User | AnonymousUser) -> bool:
    """Return whether `user` may see all runs that are not deleted, of whichever project."""
    return access_of(user).limits is None


def may_see(
    user: User | AnonymousUser,
    *,
    deleted: bool = False,
    among: Collection[int] | None = None,
    by_project: bool = True,
) -> Q:
    """Return the condition, on `Run` or `ListedRun`, of those that `user` may see: none that is deleted.

    With `deleted`, of the deleted ones that `user` may restore: those that the user may change. `among` and
    `by_project` are as of `in_projects`.
    """
    if deleted:
        own = Q() if among is None else Q(project_id__in=sorted(among))
        return Q(deleted_at__isnull=False) & _may_be_changed(access_of(user)) & own
    return _readable(user, among, by_project=by_project) & Q(deleted_at=None)


def _readable(user: User | AnonymousUser, among: Collection[int] | None = None, *, by_project: bool = True) -> Q:
    """Return the condition on runs that they are of a project that the user sees, or of a link that a visitor has."""
    shown = access_of(user).only_runs
    if not shown:
        return in_projects(user, among, by_project=by_project)
    return Q(pk__in=sorted(shown)) & (Q() if among is None else Q(project_id__in=sorted(among)))


def in_projects(user: User | AnonymousUser, among: Collection[int] | None = None, *, by_project: bool = True) -> Q:
    """Return the condition on whatever has a project that it is one which the user sees, and one of `among` if given.

    Empty where it would change nothing. Without `by_project` SQLite, which does not know how many rows a project has,
    finds the rows by another condition, or in their order, and looks at the project of each.
    """
    limits = limits_of(user, among)
    if limits is None:
        return Q()
    return Q(project_id__in=limits) if by_project else Q(In(_Unindexed(F("project_id")), limits))


def limits_of(user: User | AnonymousUser, among: Collection[int] | None = None) -> list[int] | None:
    """Return the projects that a query of the user has to name, only those of `among` if given; None: it need not."""
    limits = access_of(user).limits
    if among is None:
        return limits
    return sorted(among) if limits is None else sorted({*limits} & {*among})


class _Unindexed(Func):
    """A column for which SQLite uses no index; PostgreSQL knows by its statistics how many rows have which value."""

    template, arity = "%(expressions)s", 1

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        """Write the column behind a plus sign, as SQLite's documentation has it."""
        return super().as_sql(compiler, connection, template="+%(expressions)s", **more)


def readable_runs(user: User | AnonymousUser) -> QuerySet[Run]:
    """Select the runs that `user` could see if none were deleted."""
    return Run.objects.filter(_readable(user))


def visible_runs(user: User | AnonymousUser) -> QuerySet[Run]:
    """Select the runs that `user` may see: none that is deleted."""
    return Run.objects.filter(may_see(user))


def still_sees(user: User | AnonymousUser, run_id: int) -> bool:
    """Tell by the rights of this moment whether the user sees a run, deleted or not: they may have changed."""
    fresh_access_of(user)
    return readable_runs(user).filter(pk=run_id).exists()


def curve_run(user: User | AnonymousUser, run_id: int) -> Run | None:
    """Read the few columns of a run that its curves need, if `user` may see it, in one prepared query."""
    found = _CURVE_RUN.first(run_id) if 0 <= run_id < 2**63 else None
    run = None if found is None else Run.from_db(DEFAULT_DB_ALIAS, _CURVE_COLUMNS, found)
    return run if run is not None and access_of(user).sees_run(run.pk, run.project_id) else None


def head_of(user: User | AnonymousUser, run_id: int) -> Head | None:
    """Read the head of one run, if `user` may see it, in one prepared query."""
    found = _HEAD.first(run_id) if 0 <= run_id < 2**63 else None
    head = None if found is None else Head(*found)
    return head if head is not None and access_of(user).sees_run(head.id, head.project_id) else None


def newest_run_ids(user: User | AnonymousUser, number: int) -> list[int]:
    """Read the ids of the newest runs that the user sees, at most so many, in one query whose SQL is written here.

    Of each project the newest ones along an index: of all projects at once a database would sort all their runs.
    """
    projects = access_of(user).limits
    if projects is None:
        return [run_id for (run_id,) in _newest(number).rows()]
    if len(projects) > MOST_PARTS:
        return list(visible_runs(user).order_by("-pk").values_list("pk", flat=True)[:number])
    if not projects:
        return []
    of_each = " UNION ALL ".join(_NEWEST_OF_ONE.format(number=number, place=place) for place in range(len(projects)))
    with connection.cursor() as cursor:
        cursor.execute(f"{of_each} ORDER BY id DESC LIMIT {number:d}", projects)
        return [run_id for (run_id,) in cursor.fetchall()]


def newest_run_id(user: User | AnonymousUser) -> int:
    """Read the id of the newest run that the user sees; 0 if there is none."""
    return next(iter(newest_run_ids(user, 1)), 0)


@cache
def _newest(number: int) -> PreparedQuery:
    """Prepare the query, whose limit is no parameter, for a number: pages have few sizes."""
    return PreparedQuery(lambda: Run.objects.filter(deleted_at=None).order_by("-pk").values_list("pk")[:number])


def deleted_runs(user: User | AnonymousUser) -> QuerySet[Run]:
    """Select the deleted runs that `user` may restore: their owner's own; to admins, all of their projects."""
    return Run.objects.filter(may_see(user, deleted=True))


def visible_groups(user: User | AnonymousUser) -> QuerySet[RunGroup]:
    """Select the groups that `user` may see: those with a run that is not deleted."""
    with_runs = Exists(Run.objects.filter(group=OuterRef("pk"), deleted_at=None))
    return RunGroup.objects.filter(in_projects(user), with_runs)


def may_change(user: User | AnonymousUser, thing: Owned) -> bool:
    """Return whether `user` may change something (stop a run, delete a data set).

    Its owner may who trains in its project, the admins of its project, and operators.
    """
    return access_of(user).may_change(thing.project_id, thing.owner_id)


def _may_be_changed(access: Access) -> Q:
    """Return the condition of what a user may change, as `may_change` decides it for one."""
    managed, trained = access.with_role(Role.ADMIN), access.with_role(Role.TRAINER)
    if managed is None:
        return Q()
    own = Q(owner_id=access.user_id)
    return Q(project_id__in=managed) | (own if trained is None else own & Q(project_id__in=trained))


def with_summary(runs: QuerySet[Run], *more: str) -> QuerySet[Run]:
    """Load the columns that `serializers.run_summary` needs, and `more`, in four queries.

    Configurations are large and not loaded. Owners and projects are few and fetched by queries of their own: joined,
    SQLite walks all runs owner by owner.
    """
    owners = Prefetch("owner", User.objects.only("username"))
    projects = Prefetch("project", Project.objects.only("name"))
    return runs.prefetch_related(owners, projects, "tag_rows").only(*SUMMARY_COLUMNS, *more)


def heads(run_ids: Collection[int] | QuerySet[Run, Any]) -> list[Head]:
    """Read the journal heads of those runs that exist, in no order."""
    return [Head(*row) for row in Run.objects.filter(pk__in=run_ids).order_by().values_list(*Head._fields)]


def unfinished_heads() -> list[Head]:
    """Read the journal heads of all runs that may still change."""
    # Ordered here: SQLite would take the order of all runs for the way to the few that are unfinished.
    unfinished = Run.objects.filter(status__in=Run.UNFINISHED).order_by()
    return sorted((Head(*row) for row in unfinished.values_list(*Head._fields)), key=attrgetter("id"))


def events_after(
    run_id: int, after: int, limit: int, *, until: int | None = None, types: Collection[str] = ()
) -> list[RunEvent]:
    """Read at most `limit` events with `after` < seq (<= `until`) in seq order; `types` empty means all."""
    events = RunEvent.objects.filter(run_id=run_id, seq__gt=after)
    if until is not None:
        events = events.filter(seq__lte=until)
    if types:
        events = of_types(events, types)
    rows = list(events.order_by("seq")[:limit])
    if types and not EPHEMERAL_TYPES.intersection(types):
        return rows
    return packed_events.with_packed(rows, run_id, after, until, limit, types=types)


def of_types(events: QuerySet[RunEvent], types: Collection[str]) -> QuerySet[RunEvent]:
    """Keep the events of those types; if none is ephemeral, without reading the many events that are."""
    events = events.filter(type__in=types)
    return events if EPHEMERAL_TYPES.intersection(types) else events.filter(_IS_DURABLE)


def metric_series(metrics: QuerySet[RunMetric]) -> list[Series]:
    """Read the series in `metrics`, by name; three queries for any number of values.

    A long run has 100,000 values: they come as plain tuples, without those columns that are the same for all.
    """
    newest = metrics.aggregate(newest=Max("pk"))["newest"]
    if newest is None:
        return []
    known = metrics.filter(pk__lte=newest)  # no row between two queries belongs to a series the first has not seen
    keys = sorted(known.order_by().values_list(*SERIES_KEY).distinct(), key=lambda key: [str(part) for part in key])
    varying = [index for index in range(len(SERIES_KEY)) if len({key[index] for key in keys}) > 1]
    series = {tuple(key[index] for index in varying): Series._make([*key, [], []]) for key in keys}
    columns = [*(SERIES_KEY[index] for index in varying), "epoch", "value"]
    for row in known.order_by("epoch").values_list(*columns).iterator(chunk_size=10_000):
        found = series[row[:-2]]
        found.epochs.append(row[-2])
        found.values.append(row[-1])
    return list(series.values())


def epoch_history(run: Run) -> list[dict[str, Any]]:
    """Read one dict per epoch, `{"epoch": 0, metric: value, …}`, unknown metrics missing."""
    history: dict[int, dict[str, Any]] = {}
    for epoch, name, value in run.epoch_values():
        history.setdefault(epoch, {"epoch": epoch})[name] = value
    return list(history.values())


def final_results(run_id: int) -> list[FinalResult]:
    """Read the evaluated splits, validation first."""
    return list(FinalResult.objects.filter(run_id=run_id).order_by("-split"))


def last_event(run_id: int, type_: str) -> RunEvent | None:
    """Read the newest event of that type; None if there is none, or it was pruned."""
    return of_types(RunEvent.objects.filter(run_id=run_id), [type_]).order_by("-seq").first()
