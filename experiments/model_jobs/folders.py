"""The folders of jobs on models: what is removed of them, when it is not needed any more."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from experiments.models import ModelJob
from experiments.queued_work import leftover_folders

AT_ONCE = 500


def tidy(job: ModelJob, keep: Collection[str]) -> None:
    """Remove what is in the job's folder, but these names."""
    for path in job.folder.glob("*"):
        if path.name in keep:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def remove(jobs: Iterable[ModelJob]) -> None:
    """Remove jobs with their files; where they are being done, their workers end the processes.

    The rows go first: a folder that nobody knows is cleared later, files that are gone would be missed.
    """
    for job in jobs:
        folder = job.folder
        ModelJob.objects.filter(pk=job.pk).delete()
        shutil.rmtree(folder, ignore_errors=True)


def clear() -> None:
    """Remove what jobs left behind whose worker was killed, or that failed or were cancelled.

    What cannot be removed is tried again next time.
    """
    leftover_folders.clear(Path(settings.MODEL_JOBS_ROOT), _needed)


def _needed(numbers: Collection[int]) -> Collection[int]:
    """Return those of jobs that are unfinished, done, or failed a short while ago, and new ones without a row.

    A request puts files into the folder before its row can be seen. Of jobs that are done the files of the result are
    needed alone; the worker removes the others, unless it was killed.
    """
    kept, waiting = set[int](), sorted(numbers)
    while waiting:
        these, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        known = {job.pk: job for job in ModelJob.objects.filter(pk__in=these).only("status", "ended_at", "files")}
        for pk in these:
            job = known.get(pk)
            if job is None:
                needed = leftover_folders.is_new(Path(settings.MODEL_JOBS_ROOT) / str(pk))
            else:
                needed = _is_needed(job)
            if needed:
                kept.add(pk)
    return kept


def _is_needed(job: ModelJob) -> bool:
    if job.status == ModelJob.Status.DONE:
        tidy(job, keep={file["name"] for file in job.files})
    if job.status == ModelJob.Status.FAILED and job.ended_at is not None:
        return job.ended_at >= timezone.now() - leftover_folders.KEPT
    return job.status in (*ModelJob.UNFINISHED, ModelJob.Status.DONE)
