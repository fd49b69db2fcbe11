"""Maintains the server: recovers lost runs, reports, jobs and checks, removes what expired, packs samples.

It recovers runs, pre-flight reports, jobs on models and checks of data sets whose worker was lost, removes deleted runs
and results of jobs when their time is over and what reports and jobs left behind, packs the samples of long runs, and
measures files. Every web and worker process runs one: it is cheap, and one is enough.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from django.conf import settings
from django.db import Error
from django.utils import timezone

from audit import pruning
from experiments import wakeup
from experiments.datasets import checks
from experiments.model_jobs import state as model_jobs
from experiments.model_jobs.retention import Cleaning
from experiments.periodic import Periodic, Seldom
from experiments.preflights import leftover_folders, state
from realtime.hubs import broadcast
from runs import lifecycle
from runs.changes import status_changes
from runs.curves import journal_packing
from runs.curves.compaction import compact_running
from runs.failures.each import each
from runs.failures.recovery_clock import RecoveryClock
from runs.models import Run
from runs.quotas import disk_usage
from runs.removal import deletion

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 5.0
PACKING_REST_SECONDS = 600.0
MEASURING_REST_SECONDS = 600.0
MEASURED_IN_A_ROUND = 100
UNTOLD_REST_SECONDS = 3600.0
RANGES_OF_A_ROUND = 16  # about a second's work
AFTER_OUTAGE_SECONDS = 5.0
"""How long holders of a lease have to renew it after an outage of the database: they try every second or so."""


class Maintenance(Periodic):
    """Does its jobs at once and then periodically."""

    def __init__(self) -> None:
        super().__init__("maintenance", min(INTERVAL_SECONDS, settings.LEASE_SECONDS / 2))
        self._purging = Purging()
        self._packing = Packing()
        self._measuring = Measuring()
        self._pruning = TrailPruning()
        self._cleaning = Cleaning()
        self._untold = Seldom(remove_untold, UNTOLD_REST_SECONDS)
        self._recovery_clock = RecoveryClock()

    def jobs(self) -> Mapping[str, Callable[[], object]]:
        """Return the recoveries, removals and packing of a round."""
        return {
            "recovering lost runs": self._recovering(recover_lost_runs, lifecycle.lost_runs),
            "recovering lost pre-flight reports": self._recovering(state.recover_lost, state.next_queued),
            "recovering lost jobs on models": self._recovering(model_jobs.recover_lost, model_jobs.next_queued),
            "recovering lost checks of data sets": self._recovering(checks.recover_lost, checks.first_waiting),
            "removing deleted runs": self._purging.purge_one,
            "compacting samples": compact_running,
            "pruning the audit trail": self._pruning.prune_once_a_day,
            "packing journals": self._packing.pack_one,
            "measuring files of runs": self._measuring.measure_some,
            "clearing folders of pre-flight reports": leftover_folders.clear,
            "removing results of jobs on models": self._cleaning.clean,
            "removing changes of status that nobody is told of": self._untold,
            "noting the end of the look": self._recovery_clock.mark_idle,
        }

    def _recovering(self, recover: Callable[[datetime], object], look: Callable[[], object]) -> DelayedRecovery:
        return DelayedRecovery(self._recovery_clock, recover, look)


class DelayedRecovery:
    """Recovers what is lost, but waits after an outage of the database or this machine.

    Leases have then expired that their holders will soon renew.
    """

    def __init__(
        self, recovery_clock: RecoveryClock, recover: Callable[[datetime], object], look: Callable[[], object]
    ) -> None:
        self._recovery_clock, self._recover, self._look = recovery_clock, recover, look
        self._outage = False  # at the last call
        self._leases_count_from = 0.0  # monotonic time

    def __call__(self) -> None:
        """Recover, unless leases do not count yet; `look` tells whether the database answers again."""
        moment = self._recovery_clock.moment()
        try:
            if self._outage:
                self._look()
                self._outage = False
                self._leases_count_from = time.monotonic() + AFTER_OUTAGE_SECONDS
            elif moment and time.monotonic() >= self._leases_count_from:
                self._recover(moment)
        except Error:
            self._outage = True
            raise


def remove_untold() -> int:
    """Remove changes of status that no web process has followed up for days; say how many."""
    removed = status_changes.remove_old(timezone.now())
    if removed:
        logger.warning(
            "%s changes of status are older than %s days, and nobody is told of them: no web process was running.",
            f"{removed:,}",
            status_changes.KEPT_DAYS,
        )
    return removed


def recover_lost_runs(moment: datetime | None = None) -> list[int]:
    """Recover every run once that is lost now, or was at that moment; return those that this call recovered.

    One that fails stops no other.
    """
    recovered: list[int] = []
    try:
        for run_id in each(lambda pk: _recovered(pk, moment), lifecycle.lost_runs(moment)):
            recovered += [] if run_id is None else [run_id]
    finally:
        if recovered:
            wakeup.wake_idle()
    return recovered


def _recovered(run_id: int, moment: datetime | None) -> int | None:
    if not lifecycle.recover(run_id, moment):
        return None
    logger.warning("run %s: recovered from a lost worker", run_id, extra={"run_id": run_id})
    broadcast.hint(run_id)
    return run_id


class Purging:
    """Permanently removes runs whose deletion can no longer be undone, one after the other."""

    def __init__(self) -> None:
        self._tried = 0  # the run of the last round: one that fails is tried again after all others

    def purge_one(self) -> int | None:
        """Remove one run per round, so that recovery never waits."""
        expired = deletion.expired().order_by("pk")
        run = expired.filter(pk__gt=self._tried).first() or expired.first()
        if run is None:
            return None
        self._tried = run.pk
        return run.pk if _purged(run) else None


class Packing:
    """Packs journals of runs that ended a while ago, one after the other, and rests where there is none."""

    def __init__(self) -> None:
        self._next_look = 0.0  # monotonic time
        self._tried = 0  # the run of the last round: one that cannot be packed holds up no other

    def pack_one(self) -> int | None:
        """Pack a part of one run per round, so that recovery never waits; rests some minutes when none was due."""
        if time.monotonic() < self._next_look:
            return None
        run = journal_packing.due().filter(pk__gt=self._tried).first()
        if run is None:
            self._next_look, self._tried = time.monotonic() + PACKING_REST_SECONDS, 0
            return None
        before, self._tried = self._tried, run.pk
        if journal_packing.pack(run, RANGES_OF_A_ROUND):
            self._tried = before  # there may be more of it
        return run.pk


class Measuring:
    """Measures the files of ended runs that nobody has measured: those from before, and of workers that were lost."""

    def __init__(self) -> None:
        self._next_look = 0.0  # monotonic time
        self._tried: int | None = None  # the last run of the round before: newer ones are not looked through again

    def measure_some(self) -> int:
        """Measure a few runs per round; rests some minutes when there were none. Return how many it measured."""
        if time.monotonic() < self._next_look:
            return 0
        due = disk_usage.unmeasured()
        older = due if self._tried is None else due.filter(pk__lt=self._tried)
        found = list(older.values_list("pk", flat=True)[:MEASURED_IN_A_ROUND])
        self._tried = found[-1] if found else None
        if not found:
            self._next_look = time.monotonic() + MEASURING_REST_SECONDS
        for run_id in found:
            disk_usage.measure(run_id)
        return len(found)


class TrailPruning:
    """Removes events of the audit trail that are older than the settings say, once a day."""

    def __init__(self) -> None:
        self._done: datetime | None = None

    def prune_once_a_day(self) -> int:
        """Remove what is too old, and return how many; another process may have done it."""
        limit = pruning.limit()
        if limit is None or limit == self._done:
            return 0
        number = pruning.prune(limit)
        self._done = limit
        return number


def _purged(run: Run) -> bool:
    number, deleted_at = run.pk, run.deleted_at
    if not deletion.purge(run):
        return False
    logger.info("run %s: permanently removed, it was deleted %s", number, deleted_at, extra={"run_id": number})
    return True
