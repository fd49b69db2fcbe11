"""Prune old runs: ephemeral events, and checkpoints that are neither the best nor the last.

Numbers of epochs, final statistics and all other events stay. Readers get a `skipped` marker in place of the removed
events.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Length
from django.utils import timezone

from runs.curves.compaction import compact_all
from runs.events import EPHEMERAL_TYPES
from runs.files import run_files, stored_files
from runs.files.local_files import RunFile
from runs.models import Run, RunEvent
from runs.packed_journal import packed_events
from runs.quotas import disk_usage

BATCH_NUMBERS = 5_000
"""Numbers of the journal that one transaction covers: it locks the database for some hundredths of a second."""
KEPT_CHECKPOINTS = ("best_checkpoint", "last_checkpoint", "stored_checkpoint")
"""The columns of a run that name the checkpoints that stay."""
PAUSE_SECONDS = 0.05
"""Pause between two batches, so that waiting writers come first."""


class Amount(NamedTuple):
    """A number of rows or files, and their bytes; of a row only its data count."""

    number: int
    size: int

    def __add__(self, other: object) -> Amount:
        """Add numbers and bytes."""
        if not isinstance(other, Amount):
            return NotImplemented
        return Amount(self.number + other.number, self.size + other.size)


NOTHING = Amount(0, 0)


def expired_runs(days: float, now: datetime | None = None) -> QuerySet[Run]:
    """Select the runs that ended more than `days` ago, the oldest first."""
    limit = (now or timezone.now()) - timedelta(days=days)
    return Run.objects.filter(status__in=Run.ENDED, end_time__lt=limit).order_by("pk")


def ephemeral_events(run: Run) -> Amount:
    """Count the events of the run that `remove_events` would remove."""
    found = _ephemeral(run.pk).aggregate(count=Count("pk"), size=Sum(Length("data")))
    return Amount(found["count"], found["size"] or 0) + Amount(*packed_events.amount([run.pk]))


def ephemeral_events_of(runs: QuerySet[Run]) -> Amount:
    """Count what `remove_events` would remove of all of them, in two queries."""
    ids = runs.order_by().values("pk")
    found = RunEvent.objects.filter(run__in=ids, type__in=sorted(EPHEMERAL_TYPES))
    sums = found.aggregate(count=Count("pk"), size=Sum(Length("data")))
    return Amount(sums["count"], sums["size"] or 0) + Amount(*packed_events.amount(ids))


def spare_checkpoints(run: Run) -> Amount:
    """Count the files of the run that `remove_checkpoints` would remove."""
    spare = _spare(run)
    return Amount(len(spare), sum(file.size for file in spare))


def remove_events(run: Run, pause: Callable[[float], None] = time.sleep) -> Iterator[int]:
    """Remove the ephemeral events batch by batch, each in its own transaction; yield the number removed.

    Stops when the run is resumed. Can be stopped at any batch and called again. The curves stay: their samples are
    compacted before the first event is removed.
    """
    compact_all(run.pk, run.last_seq)
    for first in range(0, run.last_seq, BATCH_NUMBERS):
        with transaction.atomic():
            if _locked(run.pk) is None:
                return
            until = min(first + BATCH_NUMBERS, run.last_seq)
            removed, _ = _ephemeral(run.pk).filter(seq__gt=first, seq__lte=until).delete()
            removed += packed_events.remove(run.pk, first + 1, until)
        if removed:
            yield removed
            pause(PAUSE_SECONDS)


def remove_checkpoints(run: Run) -> Amount:
    """Remove spare files; none of a run that was resumed, whose training may need them. Raises StoreError."""
    with transaction.atomic():
        locked = _locked(run.pk)
        spare = _spare(locked) if locked else []
        objects = run_files.remove(run, [file.name for file in spare])
    # After the commit: a slow store must not keep the database locked.
    stored_files.remove_objects(objects)
    if spare:
        disk_usage.measure(run.pk)
    return Amount(len(spare), sum(file.size for file in spare))


def _ephemeral(run_id: int) -> QuerySet[RunEvent]:
    return RunEvent.objects.filter(run_id=run_id, type__in=sorted(EPHEMERAL_TYPES))


def _locked(run_id: int) -> Run | None:
    """Lock the run until the transaction ends; None when it has not ended, or no longer exists."""
    return Run.objects.select_for_update().filter(pk=run_id, status__in=Run.ENDED).first()


def _spare(run: Run) -> list[RunFile]:
    """List the spare checkpoints, only regular files in the run's own folder: links are not followed."""
    stored = run.stored_checkpoint or {}  # may be behind, while a machine keeps files that the store lacks
    kept = {run.best_checkpoint, run.last_checkpoint, stored.get("best_checkpoint"), stored.get("last_checkpoint")}
    files = run_files.listed(run)
    return [f for f in files if f.name.startswith("checkpoints/") and f.name.endswith(".ckpt") and f.name not in kept]
