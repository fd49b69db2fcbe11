"""Ask for work on a finished run's model, see, cancel and delete it. Workers look for what was asked; none is told."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.db.models import QuerySet
from rest_framework.exceptions import PermissionDenied

from audit.recording import record
from experiments.model_jobs import state
from experiments.model_jobs.kinds import KINDS
from experiments.model_jobs.refusals import TooManyJobs, require_trainer
from experiments.models import ModelJob
from runs.errors import Conflict
from runs.models import Run
from runs.projects.refusals import why_not
from runs.queries import may_change, visible_runs
from runs.quotas.room import files_of, require_room_for_file

Place = Callable[[Path], None]
"""Puts files of a request into the folder that it is given."""


def enqueue(
    run: Run, user: User, kind: str, options: Mapping[str, Any], *, place: Place | None = None, size: int = 0
) -> ModelJob:
    """Queue a job on the model of a run that has ended, or return the unfinished one of the run that is the same.

    Args:
        run: a run that `user` sees.
        user: trains in the project of the run.
        kind: one of `KINDS`.
        options: plain values; what the job is told, and what makes it the same as another.
        place: puts files that the job reads into its folder, before any worker may claim it; not called where the job
            is queued already.
        size: bytes of those files.

    Raises:
        PermissionDenied: the user may not train in the project.
        Conflict: the run has not ended, or was deleted.
        TooManyJobs: as many of the user's jobs are unfinished as this server allows.
        DiskFull: the quota of the project is reached.
    """
    if kind not in KINDS:
        raise KeyError(kind)
    require_trainer(run, user)
    files = files_of(run.project_id)
    with transaction.atomic():
        _lock(run, user)
        unfinished = ModelJob.objects.filter(run=run, kind=kind, status__in=ModelJob.UNFINISHED).order_by("pk")
        for known in unfinished:
            if known.options == dict(options):
                return known
        _require_room(user)
        require_room_for_file(run.project_id, size, files)
        job = state.create(run, user, kind, options, size)
        record("model_job.requested", target=job, run=run.pk, kind=kind)
        if place is not None:
            _placed(job, place)
    return job


def visible(user: User | AnonymousUser) -> QuerySet[ModelJob]:
    """Return the jobs that `user` may see: those of the runs that the user sees."""
    return ModelJob.objects.filter(run__in=visible_runs(user))


def cancel(job: ModelJob, user: User) -> None:
    """End one that waits or is being done; one that was cancelled before stays as it is.

    Raises PermissionDenied, or Conflict for one that has ended otherwise.
    """
    _require_right(job, user)
    with transaction.atomic():
        cancelled = state.cancel(ModelJob.objects.filter(pk=job.pk), f"Cancelled by {user}.")
        if cancelled:
            record("model_job.cancelled", target=job, run=job.run_id, kind=job.kind)
    if cancelled:
        shutil.rmtree(job.folder, ignore_errors=True)  # what its process still writes, its worker removes
    job.refresh_from_db()
    if not cancelled and job.status != ModelJob.Status.CANCELLED:
        raise Conflict(f"Model job {job.pk} is {job.status}: there is nothing to cancel.")


def delete(job: ModelJob, user: User) -> None:
    """Remove a job with its files; of one that is being done the process ends. Raises PermissionDenied."""
    _require_right(job, user)
    with transaction.atomic():
        record("model_job.deleted", target=job, run=job.run_id, kind=job.kind)
        ModelJob.objects.filter(pk=job.pk).delete()
    shutil.rmtree(job.folder, ignore_errors=True)  # not before: what is not removed after all keeps its files


def cancel_all_of(run: Run, by: User) -> None:
    """End all unfinished jobs of a run that is deleted, in the transaction of that."""
    state.cancel(ModelJob.objects.filter(run=run), f"Cancelled because {by} deleted run {run.pk}.")


def _require_right(job: ModelJob, user: User) -> None:
    if not may_change(user, job):
        raise PermissionDenied(why_not(user, job, f"Model job {job.pk}", job.owner))


def _lock(run: Run, user: User) -> None:
    """Let requests of the same run, and of the same user, come one after the other: each counts what the others made.

    Raises Conflict where the run has no model that could be used.
    """
    present = Run.objects.select_for_update(no_key=True).only("status", "deleted_at").get(pk=run.pk)
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
    if present.deleted_at is not None:
        raise Conflict(f"Run {run.pk} is deleted: restore it to use its model.")
    if present.status not in Run.ENDED:
        state_ = present.get_status_display().lower()
        raise Conflict(f"Run {run.pk} is {state_}: its model can be used when it has ended.")


def _require_room(user: User) -> None:
    unfinished = ModelJob.objects.filter(owner=user, status__in=ModelJob.UNFINISHED).count()
    if unfinished >= settings.MODEL_JOBS_PER_USER:
        raise TooManyJobs(unfinished)


def _placed(job: ModelJob, place: Place) -> None:
    """Put the files into the job's folder; none stays behind where that fails."""
    try:
        job.inputs.mkdir(parents=True, exist_ok=True)
        place(job.inputs)
    except BaseException:
        shutil.rmtree(job.folder, ignore_errors=True)
        raise
