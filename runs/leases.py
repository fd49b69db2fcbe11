"""Leases on rows: a worker holds a row alone, and loses it when the worker dies.

A worker claims a row that waits, and the raised `attempt` is its fencing token: it renews the lease about every second,
and its writes take effect only while the row is held under that attempt. A lease that is not renewed expires; the row
is given back then, and one loss is counted. An orderly release counts nothing.

The names of a row's states belong to its store, which passes the changes of state; only leases apply them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Q, QuerySet

from runs import clock
from runs.statements import row_change
from runs.statements.whole_row import WholeRows

TOLERANCE = 0.5
"""How far a lease may end beyond a fresh one, in lengths of a lease: how far the clocks of two machines may differ."""
FREE: dict[str, Any] = {"worker": "", "lease_until": None}
"""Columns of a row without a holder."""


class Fenced(Exception):
    """Another worker holds the row now (or it has ended): this writer must stop, and has written nothing."""


class Leased(models.Model):
    """The base of rows held under a lease. `attempt` is the fencing token of the newest holder."""

    attempt = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    losses = models.PositiveIntegerField(default=0, help_text="Attempts whose worker was lost")

    class Meta:
        abstract = True

    @property
    def lost_too_often(self) -> bool:
        """Whether it must not be tried again; attempts that were released do not count."""
        return self.losses >= settings.ATTEMPT_LIMIT


M = TypeVar("M", bound=Leased)


def lease_end() -> datetime:
    """Return until when a lease taken or renewed now holds."""
    return clock.now() + lease_length()


def lease_length() -> timedelta:
    """Return how long a lease holds without being renewed."""
    return timedelta(seconds=settings.LEASE_SECONDS)


def valid_ends(now: datetime) -> tuple[datetime, datetime]:
    """Return the earliest and the latest end of a lease that holds at that moment.

    A later one was taken before the clock was set back, and would outlive its dead holder by as much.
    """
    return now, now + (1 + TOLERANCE) * lease_length()


def last_renewal(row: Leased) -> datetime | None:
    """Return when the holder last took or renewed the lease: it was known to work then."""
    return row.lease_until and row.lease_until - lease_length()


def times(number: int) -> str:
    """Write a number of times in words: "once", "5 times"."""
    return "once" if number == 1 else f"{number} times"


class Leases(Generic[M]):
    """The leases on one model's rows; `waiting` selects those that may be claimed, `held` those that are held."""

    def __init__(self, model: type[M], noun: str, *, waiting: Q, held: Q) -> None:
        self._model, self._noun, self._waiting, self._held = model, noun, waiting, held
        self._whole = WholeRows(model)

    def claim(self, pk: int, worker: str, added: Mapping[str, int] | None = None, /, **changes: Any) -> M | None:
        """Take a row that waits for `worker`, with these changes and what is `added` to numbers.

        None: it does not wait, another was faster.
        """
        taken: dict[str, Any] = {"worker": worker, "lease_until": lease_end(), **changes}
        with transaction.atomic(savepoint=False):
            more = {"attempt": 1, **(added or {})}
            if not row_change.change(self._model, pk, taken, added=more, only=self._waiting_in_sql):
                return None
            return self._whole.load("id = %s", [pk])

    def renew(self, pk: int, attempt: int, added: Mapping[str, int] | None = None, /, **changes: Any) -> None:
        """Renew the lease, and with it make these changes and add to the numbers in `added`. Raises Fenced."""
        self._change(pk, attempt, {"lease_until": lease_end(), **changes}, added)

    def release(self, pk: int, attempt: int, **changes: Any) -> None:
        """Release the lease in order; the changes set the row's new state. Raises Fenced."""
        self._change(pk, attempt, {**FREE, **changes})

    def locked(self, pk: int, attempt: int, *only: str) -> M:
        """Return the row that this attempt holds, locked until the caller's transaction ends. Raises Fenced.

        `only`: the fields that are needed of a wide table; without, all.
        """
        condition, parameters = self._held_in_sql
        sql = f"id = %s AND attempt = %s AND {condition}"
        row = self._whole.load(sql, [pk, attempt, *parameters], lock=True, only=only)
        if row is None:
            raise self._fenced(pk, attempt)
        return row

    def expired(self, now: datetime | None = None) -> list[int]:
        """List the rows whose holders let their leases expire, as of now or that moment, by primary key."""
        return list(self._expired(now).order_by("pk").values_list("pk", flat=True))

    def expire(self, pk: int, now: datetime | None = None) -> M | None:
        """Count the loss of a row whose lease has expired, and return it locked; the caller sets its new state.

        To be called in a transaction. None: its holder renewed the lease in this very moment and keeps it, or another
        process was faster.
        """
        row = self._expired(now).select_for_update().filter(pk=pk).first()
        if row is not None:
            row.losses += 1
            self._rows.filter(pk=pk).update(losses=row.losses)
        return row

    @property
    def _rows(self) -> QuerySet[M]:
        return self._model._default_manager.all()

    def _expired(self, now: datetime | None) -> QuerySet[M]:
        earliest, latest = valid_ends(now or clock.now())
        return self._rows.filter(self._held).filter(Q(lease_until__lt=earliest) | Q(lease_until__gt=latest))

    def _change(self, pk: int, attempt: int, changes: dict[str, Any], added: Mapping[str, int] | None = None) -> None:
        condition, parameters = self._held_in_sql
        only = (f"attempt = %s AND {condition}", (attempt, *parameters))
        if not row_change.change(self._model, pk, changes, added=added, only=only):
            raise self._fenced(pk, attempt)

    @cached_property
    def _held_in_sql(self) -> tuple[str, tuple[Any, ...]]:
        return _in_sql(self._rows.filter(self._held))

    @cached_property
    def _waiting_in_sql(self) -> tuple[str, tuple[Any, ...]]:
        return _in_sql(self._rows.filter(self._waiting))

    def _fenced(self, pk: int, attempt: int) -> Fenced:
        return Fenced(f"{self._noun} {pk}: attempt {attempt} no longer holds it")


def _in_sql(rows: QuerySet[Any]) -> tuple[str, tuple[Any, ...]]:
    """Write the condition on the rows as SQL, with its parameters."""
    sql, parameters = rows.query.where.as_sql(rows.query.get_compiler(connection=connection), connection)
    return sql, tuple(parameters)
