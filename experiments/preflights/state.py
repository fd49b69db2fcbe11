"""The only writer of the state of a requested pre-flight report.

Each change is one conditional UPDATE that says whether it happened. The table of changes is in `models.Preflight`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, Min, Q

from access.default_project import DEFAULT_PROJECT
from experiments.models import Preflight
from experiments.training.contract.preflight_report import Preflight as Report
from runs import clock
from runs.failures.each import each
from runs.leases import FREE, Leases, times
from runs.statements.prepared_query import PreparedQuery

LOST_TOO_OFTEN = "The worker of this report was lost {}, so it is not tried again."
_LEASES = Leases(Preflight, "pre-flight", waiting=Q(status="queued"), held=Q(status="running"))
_OLDEST = PreparedQuery(
    lambda: Preflight.objects.filter(status="queued").order_by().values_list("owner").annotate(Min("pk"))
)


class Queued(NamedTuple):
    """A report that waits, and the user who asked for it."""

    pk: int
    owner: int


def create(owner: User, config: Mapping[str, Any], project_id: int = DEFAULT_PROJECT) -> Preflight:
    """Queue a report of a training; `config` is a dumped TrainingConfig."""
    return Preflight.objects.create(owner=owner, project_id=project_id, config=dict(config))


def next_queued(besides: Collection[int] = ()) -> Queued | None:
    """Return the one whose turn it is, but none of the users `besides`.

    It is the oldest of the user for whom the fewest are being made; among several, of the one whose last report ended
    longest ago, or who has had none. So users take turns, however many each has asked for.
    """
    # Workers ask this several times a second; hardly ever does any wait.
    oldest = {owner: pk for owner, pk in _OLDEST.rows() if owner not in besides}
    if not oldest:
        return None
    theirs = Preflight.objects.filter(owner__in=oldest).order_by()
    running = Counter(theirs.filter(status="running").values_list("owner", flat=True))
    ended = dict(theirs.values_list("owner").annotate(Max("ended_at")))

    def turn(owner: int) -> tuple[int, bool, datetime | None, int]:
        last = ended.get(owner)
        return running[owner], last is not None, last, oldest[owner]

    owner = min(oldest, key=turn)
    return Queued(oldest[owner], owner)


def claim(pk: int, worker: str) -> Preflight | None:
    """Take a queued one for `worker`; its raised attempt is the fencing token. None: another was faster."""
    return _LEASES.claim(pk, worker, status="running", progress="")


def renew(pk: int, attempt: int, **columns: Any) -> None:
    """Keep the lease, and say what is being done. Raises Fenced."""
    _LEASES.renew(pk, attempt, **columns)


def finish(pk: int, attempt: int, report: Report) -> None:
    """End with a report. Raises Fenced."""
    _end(pk, attempt, status="done", report=msgspec.to_builtins(report))


def fail(pk: int, attempt: int, problem: str) -> None:
    """End without a report. Raises Fenced."""
    _end(pk, attempt, status="failed", problem=problem)


def cancel(pk: int, problem: str) -> bool:
    """End one that waits or is being made, at once; its worker is fenced. False: it has ended."""
    unfinished = Preflight.objects.filter(pk=pk, status__in=Preflight.UNFINISHED)
    return bool(unfinished.update(**FREE, status="cancelled", ended_at=clock.now(), progress="", problem=problem))


def is_cancelled(pk: int) -> bool:
    """Return whether it was cancelled, after which nobody takes it up again."""
    return Preflight.objects.filter(pk=pk, status="cancelled").exists()


def release(pk: int, attempt: int) -> None:
    """Return it to the queue. Raises Fenced."""
    _LEASES.release(pk, attempt, status="queued", progress="")


def recover_lost(now: datetime | None = None) -> list[int]:
    """Give reports whose worker let its lease expire back to the queue, or end those that were lost too often.

    As of now or that moment; returns those that this call recovered.
    """
    return [pk for pk, mine in each(lambda pk: (pk, recover(pk, now)), _LEASES.expired(now)) if mine]


def recover(pk: int, now: datetime | None = None) -> bool:
    """Recover one lost report. False: its worker has renewed the lease, or somebody else was faster."""
    with transaction.atomic():
        lost = _LEASES.expire(pk, now)
        if lost is None:
            return False
        if lost.lost_too_often:
            fail(pk, lost.attempt, LOST_TOO_OFTEN.format(times(lost.losses)))
        else:
            release(pk, lost.attempt)
        return True


def _end(pk: int, attempt: int, **columns: Any) -> None:
    _LEASES.release(pk, attempt, ended_at=clock.now(), progress="", **columns)
