"""Delete a run, undo that, and purge it for good once the undo period is over: files, journal and rows.

A deleted run disappears for all users at once and takes part in nothing; `queries.visible_runs` leaves it out. Its
number is never given to another run.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeAlias

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone

from audit.recording import record
from runs import lifecycle
from runs.derived_models import MetricSummary, OptionValue, PackedEvents, RunDiskUsage, SavedPoint, StoredFile
from runs.files import store, stored_files
from runs.models import FinalResult, Run, RunEvent, RunGroup, RunMetric, RunTag

Effect: TypeAlias = Callable[[Run, User], object]
"""What else a deletion does in its transaction, told the run and who deletes it."""
_effects: Final[list[Effect]] = []
BATCH_ROWS = 5_000
PAUSE_SECONDS = 0.02
"""Pause between two batches, so that waiting writers come first."""


_LARGE: tuple[type[Model], ...] = (RunEvent, RunMetric)
_ROWS: tuple[type[Model], ...] = (
    *_LARGE, PackedEvents, MetricSummary, OptionValue, SavedPoint, FinalResult, RunTag, StoredFile, RunDiskUsage,
)  # fmt: skip


CANCELLED = "Cancelled because {by} deleted it while it was queued; run it again if it should train after all."


class NotPossible(Exception):
    """The reason why a run cannot be deleted or restored, with what to do instead."""


def add_effect(effect: Effect) -> None:
    """Let each deletion do this too: what other parts of the server do with a run ends."""
    if effect not in _effects:
        _effects.append(effect)


def delete(run_id: int, by: User) -> bool:
    """Hide a run that has ended; a queued one is cancelled first. Raises NotPossible, and Run.DoesNotExist.

    Return whether it was queued.
    """
    with transaction.atomic():
        columns = ("status", "deleted_at", "experiment_name", "project_id")
        run = Run.objects.select_for_update().only(*columns).get(pk=run_id)
        if run.deleted_at is not None:
            raise NotPossible(f"Run {run_id} is deleted already.")
        if run.status in Run.RUNNING:
            raise NotPossible(f"Run {run_id} is {run.get_status_display().lower()}: cancel it first, then delete it.")
        was_queued = run.status == Run.Status.QUEUED
        if was_queued:
            lifecycle.cancel(run_id, CANCELLED.format(by=by))
        now = timezone.now()
        Run.objects.filter(pk=run_id).update(deleted_at=now, deleted_by=by, touched_at=now)
        record("run.deleted", target=run, status=run.status)
        for effect in _effects:
            effect(run, by)
    return was_queued


class Restored(NamedTuple):
    """The result of a restoration, in words.

    `cancelled`: the run was queued when it was deleted, and is not queued again.
    """

    detail: str
    cancelled: bool


def restore(run_id: int) -> Restored:
    """Undo `delete`, as long as LIVETRAIN_UNDO_DAYS have not passed. Raises NotPossible, and Run.DoesNotExist.

    A run that was queued is not queued again: only its owner can decide that.
    """
    with transaction.atomic():
        run = Run.objects.select_for_update(of=("self",)).select_related("deleted_by").get(pk=run_id)
        if run.deleted_at is None:
            raise NotPossible(f"Run {run_id} is not deleted.")
        if restorable_until(run.deleted_at) is None:
            raise NotPossible(
                f"Run {run_id} was deleted more than {settings.UNDO_DAYS:g} days ago and can no longer be restored."
            )
        Run.objects.filter(pk=run_id).update(deleted_at=None, deleted_by=None, touched_at=timezone.now())
        record("run.restored", target=run)
    if run.reason == CANCELLED.format(by=run.deleted_by):
        detail = f"Run {run_id} is back, but cancelled: it was queued when it was deleted. Run it again to train it."
        return Restored(detail, cancelled=True)
    return Restored(f"Run {run_id} is back.", cancelled=False)


def restorable_until(deleted_at: datetime) -> datetime | None:
    """Return when a run deleted at that time is purged; None if that time has passed already."""
    return None if deleted_at < _limit() else deleted_at + timedelta(days=settings.UNDO_DAYS)


def expired(now: datetime | None = None) -> QuerySet[Run]:
    """Select runs whose deletion can no longer be undone, the oldest deletion first."""
    return Run.objects.filter(deleted_at__lt=_limit(now)).order_by("deleted_at", "pk")


def purge(run: Run, pause: Callable[[float], None] = time.sleep) -> bool:
    """Remove an expired run for good: its files first, so that none is left without a row.

    Can be interrupted at any moment and called again; several processes may purge the same run. False: it is not
    expired. Raises OSError; StoreError if the object store fails.
    """
    if not expired().filter(pk=run.pk).exists():
        return False
    _remove_folder(run)
    if store.in_use():
        stored_files.remove_all(run.pk)
    for model in _LARGE:
        for _ in _removed(model, run.pk):
            pause(PAUSE_SECONDS)
    with transaction.atomic():
        for rows in _ROWS:
            rows._base_manager.filter(run_id=run.pk).delete()
        if Run.objects.filter(pk=run.pk).delete()[0]:
            record("run.purged", target=run)
        if run.group_id is not None:
            RunGroup.objects.filter(pk=run.group_id, runs=None).delete()
    return True


def _limit(now: datetime | None = None) -> datetime:
    return (now or timezone.now()) - timedelta(days=settings.UNDO_DAYS)


def _removed(model: type[Model], run_id: int) -> Iterator[int]:
    """Delete the run's rows batch by batch, each in its own transaction; yield the size of each batch."""
    while True:
        rows = model._base_manager.filter(run_id=run_id)
        removed, _ = rows.filter(pk__in=list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH_ROWS])).delete()
        if not removed:
            return
        yield removed


def _remove_folder(run: Run) -> None:
    """Remove the run's folder; of a link in its place only the link, nothing behind it."""
    folder = run.folder
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
    elif folder.is_dir():
        shutil.rmtree(folder)
