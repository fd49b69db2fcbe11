"""The only writer of what becomes of a pre-flight report that was asked for. Each change is one conditional UPDATE

that says whether it happened. The table of changes is in `models.Preflight`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from experiments.models import Preflight
from experiments.training.preflight.report import Preflight as Report
from runs.recorder import Fenced, lease_end

LOST_TOO_OFTEN = "The workers that made this report were lost {} times, so it is not tried again."


def first_queued() -> int | None:
    """The one that has waited longest."""
    return Preflight.objects.filter(status="queued").order_by("id").values_list("pk", flat=True).first()


def claim(pk: int, worker: str) -> Preflight | None:
    """Take a queued one for `worker`; its raised attempt is the fencing token. None: not to be had."""
    with transaction.atomic():
        taken = Preflight.objects.filter(pk=pk, status="queued").update(
            status="running", attempt=F("attempt") + 1, worker=worker, lease_until=lease_end(), progress=""
        )
        return Preflight.objects.get(pk=pk) if taken else None


def renew(pk: int, attempt: int, **columns: Any) -> None:
    """Keep the lease, and say what is being done. Raises Fenced."""
    if not _held(pk, attempt).update(lease_until=lease_end(), **columns):
        raise Fenced(f"pre-flight {pk}: attempt {attempt} no longer holds it")


def finish(pk: int, attempt: int, report: Report) -> None:
    """End with a report. Raises Fenced."""
    _end(pk, attempt, status="done", report=msgspec.to_builtins(report))


def fail(pk: int, attempt: int, problem: str) -> None:
    """End without a report. Raises Fenced."""
    _end(pk, attempt, status="failed", problem=problem)


def release(pk: int, attempt: int) -> None:
    """Give it back to the queue. Raises Fenced."""
    renew(pk, attempt, status="queued", worker="", progress="")


def recover_lost(now: datetime | None = None) -> list[int]:
    """Give reports whose worker let its lease expire back to the queue, or end those that were lost too often."""
    expired = Preflight.objects.filter(status="running", lease_until__lt=now or timezone.now())
    return [lost.pk for lost in expired if _recover(lost)]


def _recover(lost: Preflight) -> bool:
    # The lease is part of the condition, so a holder that renews it in this very moment keeps it.
    still = Preflight.objects.filter(pk=lost.pk, attempt=lost.attempt, status="running", lease_until=lost.lease_until)
    if lost.attempt < settings.ATTEMPT_LIMIT:
        return bool(still.update(status="queued", worker="", lease_until=None, progress=""))
    problem = LOST_TOO_OFTEN.format(lost.attempt)
    return bool(still.update(status="failed", problem=problem, lease_until=None, ended_at=timezone.now()))


def _end(pk: int, attempt: int, **columns: Any) -> None:
    renew(pk, attempt, ended_at=timezone.now(), progress="", **columns)


def _held(pk: int, attempt: int) -> QuerySet[Preflight]:
    return Preflight.objects.filter(pk=pk, attempt=attempt, status="running")
