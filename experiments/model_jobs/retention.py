"""Jobs on models that are removed some time after their end, so that results do not pile up."""

from __future__ import annotations

import logging
import math
import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from experiments.model_jobs import folders
from experiments.models import ModelJob
from experiments.trained_models import fetched_files
from runs import clock

logger = logging.getLogger(__name__)

REST_SECONDS = 600.0
IN_A_ROUND = 100


def expires_at(job: ModelJob) -> datetime | None:
    """Return when a job that has ended is removed; None: not before its run, or it has not ended."""
    if job.ended_at is None or not job.expires or math.isinf(settings.MODEL_JOB_DAYS):
        return None
    return job.ended_at + timedelta(days=settings.MODEL_JOB_DAYS)


def expired(now: datetime | None = None) -> QuerySet[ModelJob]:
    """Select the jobs whose time is over."""
    if math.isinf(settings.MODEL_JOB_DAYS):
        return ModelJob.objects.none()
    limit = (now or clock.now()) - timedelta(days=settings.MODEL_JOB_DAYS)
    return ModelJob.objects.filter(expires=True, ended_at__lt=limit).order_by("ended_at")


class Cleaning:
    """Removes what is over of jobs and of purged runs' models, and rests some minutes where there is no more."""

    def __init__(self) -> None:
        self._next_look = 0.0  # monotonic time

    def clean(self) -> int:
        """Remove some expired jobs per round, so that recovery never waits; return how many."""
        if time.monotonic() < self._next_look:
            return 0
        over = list(expired()[:IN_A_ROUND])
        folders.remove(over)
        if over:
            logger.info("%d jobs on models removed, their time is over", len(over))
        else:
            folders.clear()
            fetched_files.remove_purged()
            self._next_look = time.monotonic() + REST_SECONDS
        return len(over)
