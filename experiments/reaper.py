"""Recovers runs and pre-flight reports whose worker was lost, removes deleted runs when their time is over and what

reports left behind, and packs the samples of long runs. Every web and worker process runs one: it is cheap, and one
is enough.
"""

from __future__ import annotations

import logging
import threading

from django.conf import settings
from django.db import Error, connections

from experiments import preflight_folders, preflight_store, tasks
from realtime import broadcast
from runs import deletion, lifecycle
from runs.samples.compiling import compact_running

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 5.0
AFTER_OUTAGE_SECONDS = 5.0
"""How long those who hold a lease have, after the database was away, to renew it: they try every second or so."""


class Reaper(threading.Thread):
    """Looks at once and then periodically; a database that does not answer is tried again."""

    def __init__(self) -> None:
        super().__init__(name="reaper", daemon=True)
        self._stopped = threading.Event()
        self._outage = False  # at the last look

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        while True:
            pause = min(INTERVAL_SECONDS, settings.LEASE_SECONDS / 2)
            try:
                if self._answers():
                    reap()
                    preflight_store.recover_lost()
                    purge_one()
                    compact_running()
                    preflight_folders.clear()
                else:
                    pause = AFTER_OUTAGE_SECONDS
            except Error:
                logger.exception("lost runs could not be looked for")
                self._outage = True
            except OSError:
                logger.exception("the folder of a deleted run could not be removed")
            finally:
                connections.close_all()
            if self._stopped.wait(pause):
                return

    def _answers(self) -> bool:
        """Whether the database does, and did at the last look too; raises what it raises."""
        was_away, self._outage = self._outage, False
        if was_away:
            lifecycle.lost_runs()
        return not was_away


def reap() -> list[int]:
    """Recover every lost run once; returns those that this call recovered."""
    recovered = [run_id for run_id in lifecycle.lost_runs() if lifecycle.recover(run_id)]
    for run_id in recovered:
        logger.warning("run %s: recovered from a lost worker", run_id, extra={"run_id": run_id})
        broadcast.hint(run_id)
    if recovered:
        tasks.wake_idle()
    return recovered


def purge_one() -> int | None:
    """Remove one run for ever whose deletion cannot be undone any more: one a look, so that recovery never waits."""
    run = deletion.expired().first()
    if run is None or not deletion.purge(run):
        return None
    logger.info("run %s: removed for ever, it was deleted %s", run.pk, run.deleted_at, extra={"run_id": run.pk})
    return run.pk
