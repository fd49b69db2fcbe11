"""Polls the Run table for changes, as long as anybody watches.

Without Redis this is how the web process learns of what workers store: a look every 75 ms, and a hint to the groups
of its in-memory layer. With Redis workers send hints themselves, and a look every second catches those that got
lost; it wakes the hubs directly, because the layer may be what fails. Watchers say what they know, so a lost hint
is sent again at the next look.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import NamedTuple, Protocol

from django.db.models import Q
from django.utils import timezone

from realtime.hubs import broadcast
from realtime.hubs.db_threads import tail
from realtime.hubs.log_once import LogOnce
from runs.failures import thread_failures
from runs.failures.backoff import Backoff
from runs.models import Run
from runs.queries import Head

logger = logging.getLogger(__name__)
LOOK_SECONDS = 0.075
SAFETY_SECONDS = 1.0
PAUSE_LIMIT_SECONDS = 5.0
TOUCHED_SECONDS = 30.0
"""How long a run counts as touched: longer than two looks are apart, and than a transaction takes."""


class Interest(NamedTuple):
    """Which runs to look at: those of `run_ids`; if the list is watched, also unfinished, touched and newer ones."""

    run_ids: Collection[int]
    newer_than: int | None


class Watchers(Protocol):
    """Those who want to know of changes."""

    def interest(self) -> Interest:
        """Say which runs matter now."""

    def groups_behind(self, head: Head) -> Iterable[str]:
        """Name the groups whose watchers do not know yet what `head` says."""

    def wake(self, group: str, run_id: int) -> None:
        """Wake the watchers of that group."""


async def poll_runs(watchers: Watchers) -> None:
    """Poll until cancelled; a database or layer that fails is asked less often, and logged once."""
    failures = LogOnce(logger, "Looking for news of runs")
    usual = SAFETY_SECONDS if broadcast.crosses_processes() else LOOK_SECONDS
    backoff = Backoff(2 * usual, PAUSE_LIMIT_SECONDS)
    while True:
        try:
            await _look(watchers)
            failures.recovered()
            backoff.reset()
            pause = usual
        except Exception as error:
            failures.failed(error)
            thread_failures.count("run-poller")
            pause = backoff.failed()
        await asyncio.sleep(pause)


async def _look(watchers: Watchers) -> None:
    interest = watchers.interest()
    found = await tail(_heads, interest)
    for run_id in {*interest.run_ids} - {head.id for head in found}:
        watchers.wake(broadcast.run_group(run_id), run_id)  # removed for ever: who watches finds that out
    for head in found:
        for group in watchers.groups_behind(head):
            if broadcast.crosses_processes():
                watchers.wake(group, head.id)
            else:
                await broadcast.publish(group, head.id)


def _heads(interest: Interest) -> list[Head]:
    wanted = Q(pk__in=interest.run_ids)
    if interest.newer_than is not None:
        wanted |= Q(status__in=Run.UNFINISHED) | Q(pk__gt=interest.newer_than)
        wanted |= Q(touched_at__gte=timezone.now() - timedelta(seconds=TOUCHED_SECONDS))
    return [Head(*row) for row in Run.objects.filter(wanted).order_by().values_list(*Head._fields)]
