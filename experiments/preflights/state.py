"""The queue of pre-flight reports: the only module that makes one, and through which its state changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.contrib.auth.models import User

from access.default_project import DEFAULT_PROJECT
from experiments.models import Preflight
from experiments.queued_work.state import Queued, WorkQueue
from experiments.training.contract.preflight_report import Preflight as Report

QUEUE = WorkQueue(Preflight, "pre-flight", "report")


def create(owner: User, config: Mapping[str, Any], project_id: int = DEFAULT_PROJECT) -> Preflight:
    """Queue a report of a training; `config` is a dumped TrainingConfig."""
    return Preflight.objects.create(owner=owner, project_id=project_id, config=dict(config))


def next_queued(besides: Collection[int] = ()) -> Queued | None:
    """Return the one whose turn it is, but none of the users `besides`."""
    return QUEUE.next_queued(besides)


def claim(pk: int, worker: str) -> Preflight | None:
    """Take a queued one for `worker`; its raised attempt is the fencing token. None: another was faster."""
    return QUEUE.claim(pk, worker)


def renew(pk: int, attempt: int, **columns: Any) -> None:
    """Keep the lease, and say what is being done. Raises Fenced."""
    QUEUE.renew(pk, attempt, **columns)


def finish(pk: int, attempt: int, report: Report) -> None:
    """End with a report. Raises Fenced."""
    QUEUE.finish(pk, attempt, report=msgspec.to_builtins(report))


def fail(pk: int, attempt: int, problem: str) -> None:
    """End without a report. Raises Fenced."""
    QUEUE.fail(pk, attempt, problem)


def cancel(pk: int, problem: str) -> bool:
    """End one that waits or is being made, at once; its worker is fenced. False: it has ended."""
    return bool(QUEUE.cancel(Preflight.objects.filter(pk=pk), problem))


def release(pk: int, attempt: int) -> None:
    """Return it to the queue. Raises Fenced."""
    QUEUE.release(pk, attempt)


def recover_lost(now: datetime | None = None) -> list[int]:
    """Give reports whose worker let its lease expire back to the queue, or end those that were lost too often.

    As of now or that moment; returns those that this call recovered.
    """
    return QUEUE.recover_lost(now)


def recover(pk: int, now: datetime | None = None) -> bool:
    """Recover one lost report. False: its worker has renewed the lease, or somebody else was faster."""
    return QUEUE.recover(pk, now)
