"""Count how often a test split was looked at: the only writer of `SplitLook`, and its reader.

A look is an evaluation of a run over its test split. What an attempt repeats, because the one before was lost or its
events came twice, is the same look. A run that had ended and was resumed by a person is another one: its result had
been seen.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db.models import Count, Max, Min, Q, QuerySet

from runs.derived_models import SplitLook
from runs.events import Event, FinalStats, RunStatus, Stamped
from runs.models import Run, RunEvent
from runs.queries import of_types

_RUNS = Count("run_number", distinct=True)


class Looks(NamedTuple):
    """The looks at one test split.

    `runs` counts those that took them, deleted ones too, and `folds` those of them in the group asked about. `order` is
    the place of the run asked about among the runs, from 1; null where a group was asked about. `best_of` is how many
    runs have a test AUROC on this split, if that of the run asked about is the highest and not all have the same.
    """

    identity: str
    looks: int
    runs: int
    folds: int
    order: int | None
    first: datetime
    best_of: int | None = None


def add(run_id: int, attempt: int, stamped: Stamped[Event]) -> None:
    """Add the look of an attempt, if the event is one: once, however often it is called.

    Must run inside the caller's transaction, which has locked the run's row.
    """
    event = stamped.message
    if not (isinstance(event, FinalStats) and event.split_identity):
        return
    earlier = SplitLook.objects.filter(identity=event.split_identity, run_number=run_id).last()
    if earlier is not None and not _ended_since(run_id, earlier.attempt):
        return
    SplitLook.objects.get_or_create(
        identity=event.split_identity,
        run_number=run_id,
        attempt=attempt,
        defaults={
            "group_number": Run.objects.values_list("group_id", flat=True).get(pk=run_id),
            "at": datetime.fromisoformat(stamped.timestamp),
        },
    )


def _ended_since(run_id: int, attempt: int) -> bool:
    """Return whether the run has ended in that attempt or a later one, so that a person has resumed it."""
    changes = of_types(RunEvent.objects.filter(run_id=run_id, attempt__gte=attempt), [RunStatus.type])
    statuses = (msgspec.json.decode(data, type=RunStatus).status for data in changes.values_list("data", flat=True))
    return any(status in Run.ENDED for status in statuses)


def of_run(run_id: int) -> Looks | None:
    """Count the looks at the test split of that run; None if it has taken none, or is older than the count."""
    own = list(SplitLook.objects.filter(run_number=run_id))
    if not own:
        return None
    identity, group = own[-1].identity, own[-1].group_number
    first = min(look.pk for look in own if look.identity == identity)
    before = SplitLook.objects.filter(identity=identity, pk__lt=first).aggregate(runs=_RUNS)["runs"]
    return _counted(identity, group)._replace(order=before + 1, best_of=_best_of(run_id, identity))


def _best_of(run_id: int, identity: str) -> int | None:
    """Count the runs whose test AUROC that of the run is the highest of; None if it is not, or all are equal."""
    known = Run.objects.filter(pk__in=run_numbers(identity), final_split="test", final_auroc__isnull=False)
    found = known.aggregate(
        runs=Count("pk"),
        highest=Max("final_auroc"),
        lowest=Min("final_auroc"),
        own=Max("final_auroc", filter=Q(pk=run_id)),
    )
    best = found["own"] is not None and found["own"] == found["highest"] > found["lowest"]
    return found["runs"] if best else None


def of_group(group_id: int) -> Looks | None:
    """Count the looks at the test split that the folds of that group share; None if they share none."""
    identities = set(SplitLook.objects.filter(group_number=group_id).values_list("identity", flat=True))
    return _counted(identities.pop(), group_id) if len(identities) == 1 else None


def run_numbers(identity: str) -> QuerySet[SplitLook, Any]:
    """Select the numbers of all runs that looked at that split, deleted ones too."""
    return SplitLook.objects.filter(identity=identity).values("run_number")


def by_run(identity: str, numbers: Collection[int]) -> list[tuple[int, int, datetime]]:
    """Read how often and when first each of those runs looked at that split, the newest run first."""
    looks = SplitLook.objects.filter(identity=identity, run_number__in=numbers).values("run_number")
    found = looks.annotate(looks=Count("pk"), first=Min("at")).order_by("-run_number")
    return list(found.values_list("run_number", "looks", "first"))


def _counted(identity: str, group: int | None) -> Looks:
    looks = SplitLook.objects.filter(identity=identity)
    found = looks.aggregate(looks=Count("pk"), runs=_RUNS, first=Min("at"))
    folds = looks.filter(group_number=group).aggregate(runs=_RUNS)["runs"] if group else 0
    return Looks(identity, found["looks"], found["runs"], folds, None, found["first"])
