"""The only writer of the status of queued work.

Each change is one conditional UPDATE that says whether it happened. The table of changes is in
`work_models.QueuedWork`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet

from experiments.work_models import QueuedWork
from runs import clock
from runs.failures.each import each
from runs.leases import FREE, Leases, times
from runs.statements.prepared_query import PreparedQuery

LOST_TOO_OFTEN = "The worker of this {noun} was lost {times}, so it is not tried again."
W = TypeVar("W", bound=QueuedWork)


class Queued(NamedTuple):
    """Work that waits, and the user who asked for it."""

    pk: int
    owner: int


class WorkQueue(Generic[W]):
    """The queue of one kind of row, which has an owner; users take turns."""

    def __init__(self, model: type[W], name: str, noun: str) -> None:
        """Call one row `name` in logs and `noun` in sentences for users."""
        self._model, self._noun = model, noun
        self._leases = Leases(model, name, waiting=Q(status="queued"), held=Q(status="running"))
        self._waiting = PreparedQuery(
            lambda: model._default_manager.filter(status="queued").order_by().values_list("pk")[:1]
        )

    @property
    def rows(self) -> QuerySet[W]:
        """All rows."""
        return self._model._default_manager.all()

    def next_queued(self, besides: Collection[int] = (), only: Q | None = None) -> Queued | None:
        """Return the one whose turn it is, among `only` and of none of the users `besides`.

        It is the oldest of the user for whom the fewest are being done; among several, of the one whose last ended
        longest ago, or who has had none. So users take turns, however many each has asked for.
        """
        if not self._waiting.rows():  # workers ask several times a second; hardly ever does any wait
            return None
        queued = self.rows.filter(only or Q(), status="queued").exclude(owner__in=besides)
        oldest = dict(queued.order_by().values_list("owner").annotate(Min("pk")))
        if not oldest:
            return None
        theirs = self.rows.filter(owner__in=oldest).order_by()
        running = Counter(theirs.filter(status="running").values_list("owner", flat=True))
        ended = dict(theirs.values_list("owner").annotate(Max("ended_at")))

        def turn(owner: int) -> tuple[int, bool, datetime | None, int]:
            last = ended.get(owner)
            return running[owner], last is not None, last, oldest[owner]

        owner = min(oldest, key=turn)
        return Queued(oldest[owner], owner)

    def claim(self, pk: int, worker: str, **columns: Any) -> W | None:
        """Take a queued one for `worker`; its raised attempt is the fencing token. None: another was faster."""
        return self._leases.claim(pk, worker, status="running", progress="", **columns)

    def renew(self, pk: int, attempt: int, **columns: Any) -> None:
        """Keep the lease, and say what is being done. Raises Fenced."""
        self._leases.renew(pk, attempt, **columns)

    def finish(self, pk: int, attempt: int, **columns: Any) -> None:
        """End with a result, in those columns. Raises Fenced."""
        self._end(pk, attempt, status="done", **columns)

    def fail(self, pk: int, attempt: int, problem: str) -> None:
        """End without a result. Raises Fenced."""
        self._end(pk, attempt, status="failed", problem=problem)

    def cancel(self, rows: QuerySet[W], problem: str) -> int:
        """End those of the rows that wait or are being done, at once; their workers are fenced. Return how many."""
        unfinished = rows.filter(status__in=QueuedWork.UNFINISHED)
        return unfinished.update(**FREE, status="cancelled", ended_at=clock.now(), progress="", problem=problem)

    def is_wanted(self, pk: int) -> bool:
        """Return whether it is neither cancelled nor removed, after which nobody takes it up again."""
        return self.rows.filter(pk=pk).exclude(status="cancelled").exists()

    def release(self, pk: int, attempt: int) -> None:
        """Return it to the queue. Raises Fenced."""
        self._leases.release(pk, attempt, status="queued", progress="")

    def recover_lost(self, now: datetime | None = None) -> list[int]:
        """Give work whose worker let its lease expire back to the queue, or end what was lost too often.

        As of now or that moment; returns those that this call recovered.
        """
        return [pk for pk, mine in each(lambda pk: (pk, self.recover(pk, now)), self._leases.expired(now)) if mine]

    def recover(self, pk: int, now: datetime | None = None) -> bool:
        """Recover a lost one. False: its worker has renewed the lease, or somebody else was faster."""
        with transaction.atomic():
            lost = self._leases.expire(pk, now)
            if lost is None:
                return False
            if lost.lost_too_often:
                self.fail(pk, lost.attempt, LOST_TOO_OFTEN.format(noun=self._noun, times=times(lost.losses)))
            else:
                self.release(pk, lost.attempt)
            return True

    def _end(self, pk: int, attempt: int, **columns: Any) -> None:
        self._leases.release(pk, attempt, ended_at=clock.now(), progress="", **columns)
