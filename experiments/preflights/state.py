"""The only writer of the state of a requested pre-flight report.

Each change is one conditional UPDATE that says whether it happened. The table of changes is in `models.Preflight`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Q

from experiments.models import Preflight
from experiments.training.contract.preflight_report import Preflight as Report
from runs import clock
from runs.failures.each import each
from runs.leases import Leases, times

LOST_TOO_OFTEN = "The worker of this report was lost {}, so it is not tried again."
_LEASES = Leases(Preflight, "pre-flight", waiting=Q(status="queued"), held=Q(status="running"))


def first_queued() -> int | None:
    """Return the one that has waited longest."""
    return Preflight.objects.filter(status="queued").order_by("id").values_list("pk", flat=True).first()


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
