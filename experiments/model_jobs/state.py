"""The queue of jobs on finished runs' models: the only module that makes one, and through which its state changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from experiments.model_jobs.kinds import KINDS
from experiments.models import ModelJob
from experiments.queued_work.state import Queued, WorkQueue
from runs import clock
from runs.models import Run


class ListedFile(TypedDict):
    """A file of a job's result, as its row lists it."""

    name: str
    bytes: int
    sha256: str


QUEUE = WorkQueue(ModelJob, "model job", "job")


def create(run: Run, owner: User, kind: str, options: Mapping[str, Any], size: int = 0) -> ModelJob:
    """Queue a job, whose files of the request take so many bytes."""
    return ModelJob.objects.create(run=run, owner=owner, kind=kind, options=dict(options), size=size)


def next_queued(besides: Collection[int] = ()) -> Queued | None:
    """Return the one whose turn it is, but none of the users `besides`.

    One of a kind that only a newer version knows waits for a worker of that version.
    """
    return QUEUE.next_queued(besides, Q(kind__in=list(KINDS)))


def claim(pk: int, worker: str) -> ModelJob | None:
    """Take a queued one for `worker`; its raised attempt is the fencing token. None: another was faster."""
    return QUEUE.claim(pk, worker, started_at=clock.now(), done=0, total=None)


def finish(
    pk: int,
    attempt: int,
    result: Mapping[str, Any],
    files: Sequence[ListedFile],
    *,
    expires: bool = True,
    done: int = 0,
    total: int | None = None,
) -> None:
    """End with a result and its files; with `expires`, both are removed some time later. Raises Fenced.

    `done` and `total` are what the process has reported last.
    """
    columns = {"result": dict(result), "files": list(files), "size": sum(file["bytes"] for file in files)}
    QUEUE.finish(pk, attempt, **columns, expires=expires, done=done, total=total)


def fail(pk: int, attempt: int, problem: str) -> None:
    """End without a result. Raises Fenced."""
    QUEUE.fail(pk, attempt, problem)


def cancel(jobs: QuerySet[ModelJob], problem: str) -> int:
    """End those of the jobs that wait or are being done, at once; their workers are fenced. Return how many."""
    return QUEUE.cancel(jobs, problem)


def recover_lost(now: datetime | None = None) -> list[int]:
    """Give jobs whose worker let its lease expire back to the queue, or end those that were lost too often.

    As of now or that moment; returns those that this call recovered.
    """
    return QUEUE.recover_lost(now)
