"""Polls the Run table for changes that no hint told of, as long as anybody watches.

Hints wake the hubs, those of this machine's processes (`local_hints`) or, with Redis, those of all. The poller catches
the lost ones, and without Redis those of other machines, which cannot reach this one. It asks the database whether
anything was committed at all, which costs next to nothing, and only then looks at the runs that matter: once a second
where hints come from everywhere or all that is watched has ended, every quarter of a second where only what people do
may come without one, else every 75 ms. Watchers say what they know, so a look that found somebody behind is repeated.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Collection, Iterable
from datetime import timedelta
from typing import NamedTuple, Protocol

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from realtime.hubs import broadcast
from realtime.hubs.change_mark import Mark, mark
from realtime.hubs.db_threads import tail
from realtime.hubs.log_once import LogOnce
from runs.failures import thread_failures
from runs.failures.backoff import Backoff
from runs.models import Run
from runs.pauses.rest import Rest, with_cost
from runs.queries import Head, heads

logger = logging.getLogger(__name__)
LOOK_SECONDS = 0.075
"""Where others may write who cannot reach this process."""
ONE_MACHINE_SECONDS = 0.25
"""With SQLite, whose writers are processes of this machine, while this process hears them."""
SAFETY_SECONDS = 1.0
"""With Redis, whose hints come from all machines."""
ENDED_SECONDS = 1.0
"""Where only runs are watched that have ended: they may still be resumed, tagged or deleted."""
PAUSE_LIMIT_SECONDS = 5.0
REST = Rest(50, longest=PAUSE_LIMIT_SECONDS)
"""After a look at the runs: at most 2 % of a core, unless one takes a tenth of a second; news without a hint wait no
longer."""
TOUCHED_SECONDS = 30.0
"""How long a run counts as touched: longer than two looks are apart, and than a transaction takes."""


class Interest(NamedTuple):
    """Which runs to look at: those of `run_ids`; if the list is watched, also unfinished, touched and newer ones."""

    run_ids: Collection[int]
    newer_than: int | None


class Found(NamedTuple):
    """What a look has read, how long that occupied a processor, and the mark of the state before it."""

    heads: list[Head]
    seconds: float
    mark: Mark


class Watchers(Protocol):
    """Those who want to know of changes."""

    def interest(self) -> Interest:
        """Say which runs matter now."""

    def groups_behind(self, head: Head) -> Iterable[str]:
        """Name the groups whose watchers do not know yet what `head` says."""

    def wake(self, group: str, run_id: int) -> None:
        """Wake the watchers of that group."""


def pause_between_looks(*, hears_machine: bool) -> float:
    """Return how long to wait between two looks, if this process hears the hints of its machine, or not."""
    if broadcast.crosses_processes():
        return SAFETY_SECONDS
    return ONE_MACHINE_SECONDS if hears_machine and connection.vendor == "sqlite" else LOOK_SECONDS


async def poll_runs(watchers: Watchers, usual: float) -> None:
    """Poll every `usual` seconds until cancelled; what fails is asked less often, and logged once."""
    failures = LogOnce(logger, "Looking for news of runs")
    backoff = Backoff(2 * usual, PAUSE_LIMIT_SECONDS)
    poll = Poll(watchers)
    while True:
        try:
            pause = max(usual, await poll.look())
            failures.recovered()
            backoff.reset()
        except Exception as error:
            failures.failed(error)
            thread_failures.count("run-poller")
            pause = backoff.failed()
        await asyncio.sleep(pause)


class Poll:
    """Looks, and remembers the state in which nobody was behind."""

    def __init__(self, watchers: Watchers) -> None:
        self._watchers = watchers
        self._known: tuple[Mark, set[int], int | None] | None = None
        self._took, self._least = math.inf, 0.0

    async def look(self) -> float:
        """Wake those who are behind; return for how many seconds to rest."""
        interest = self._watchers.interest()
        of = ({*interest.run_ids}, interest.newer_than)
        if self._known is not None and self._known[1:] == of and await tail(mark) == self._known[0]:
            return self._least
        self._known = None
        found = await tail(_found, interest)
        if not await self._wake(interest, found.heads):
            self._known = (found.mark, *of)
        # One that took long may have had other work in its thread, such as collecting garbage: two did not.
        took, self._took = min(found.seconds, self._took), found.seconds
        open_runs = interest.newer_than is not None or any(head.status in Run.UNFINISHED for head in found.heads)
        self._least = 0.0 if open_runs else ENDED_SECONDS
        return max(self._least, REST.after(took))

    async def _wake(self, interest: Interest, found: list[Head]) -> bool:
        """Return whether somebody was behind."""
        removed = {*interest.run_ids} - {head.id for head in found}
        for run_id in removed:
            self._watchers.wake(broadcast.run_group(run_id), run_id)  # who watches finds out that it is gone for ever
        behind = [(group, head.id) for head in found for group in self._watchers.groups_behind(head)]
        for group, run_id in behind:
            if broadcast.crosses_processes():
                self._watchers.wake(group, run_id)  # directly: the layer may be what fails
            else:
                await broadcast.publish(group, run_id)
        return bool(removed or behind)


def _found(interest: Interest) -> Found:
    state = mark()
    return Found(*with_cost(_heads, interest), state)


def _heads(interest: Interest) -> list[Head]:
    """Read what is unfinished, new or touched with few parameters, and then by number what is left of `run_ids`."""
    if interest.newer_than is None:
        return heads(interest.run_ids)
    wanted = Q(status__in=Run.UNFINISHED) | Q(pk__gt=interest.newer_than)
    wanted |= Q(touched_at__gte=timezone.now() - timedelta(seconds=TOUCHED_SECONDS))
    found = [Head(*row) for row in Run.objects.filter(wanted).order_by().values_list(*Head._fields)]
    rest = {*interest.run_ids}.difference(head.id for head in found)
    return found + heads(rest) if rest else found
