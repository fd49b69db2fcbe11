"""Read the samples of one run at one moment, without those that a resume made void.

Compacted ranges come from this process's cache or the database, the rest from the cache or the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from runs.curves.codec import decode_table
from runs.curves.compaction import compact_due, compacted_until
from runs.curves.durable_index import DURABLE_INDEX, DURABLE_TYPES
from runs.curves.journal_tail import JournalTail, tail_of
from runs.curves.memory import EMPTY, CachedColumn, column_cache
from runs.curves.sampled_events import SAMPLED_EVENTS, SampledEvent
from runs.curves.tables import Column, Ints, Part, Table, joined
from runs.derived_models import RunSamples
from runs.events import EPHEMERAL_TYPES, EVENT_TYPES, TrainingStart
from runs.models import Run, RunEvent
from runs.statements.prepared_query import PreparedQuery

TAIL = "tail"
"""Under which name the cache has a run's tail, beside its columns."""
NONE_LATER = np.iinfo(np.int64).max
_STARTS = PreparedQuery(
    lambda run_id, numbers: (
        RunEvent.objects.filter(run_id=run_id, seq__in=numbers).order_by("seq").values_list("seq", "timestamp", "data")
    )
)


class Start(NamedTuple):
    """The facts of a `training_start` that void or place samples; `seq` is the event's number."""

    seq: int
    time: int
    resumed_from_epoch: int | None
    steps_per_epoch: float | None


class Samples:
    """All samples of a run up to number `last_seq`; made by `of`. Columns are read when they are asked for."""

    def __init__(self, run: Run, tail: JournalTail) -> None:
        self.run, self.last_seq = run, run.last_seq
        self._compacted, self._tail, self._durable_index = tail.after, tail.tables, tail.durable_index
        self._key = _key(run)
        self._starts: list[Start] | None = None

    @classmethod
    def of(cls, find: Callable[[int], Run | None], run_id: int) -> Self | None:
        """Load the run as it is now, None if `find` has none; its row and its samples are of one moment.

        The row and the journal up to its `last_seq` are committed together, and the journal only grows. Only pruning
        moves samples from the journal to the compacted ranges; a read that meets it is repeated.
        """
        while True:
            run = find(run_id)
            if run is None:
                return None
            compacted = compact_due(run_id, run.last_seq)
            if compacted > run.last_seq:
                continue
            key = (*_key(run), TAIL)
            known = column_cache.tail(key)
            tail = tail_of(run_id, compacted, run.last_seq, known)
            if tail is known or compacted == run.last_seq:
                return cls(run, tail)
            if compacted_until(run_id) == compacted:
                column_cache.put(key, tail)
                return cls(run, tail)

    def names(self) -> list[str]:
        """List the full names of all curves, by event type; one may have no sample that is not void."""
        rows = RunSamples.objects.filter(run_id=self.run.pk, last_seq__lte=self._compacted).exclude(type=DURABLE_INDEX)
        found: dict[str, set[str]] = {type_: set(tail.columns) for type_, tail in self._tail.items()}
        for type_, names in rows.order_by().values_list("type", "names").distinct():
            found.setdefault(type_, set()).update(msgspec.json.decode(names, type=list[str]))
        return [
            f"{sampled.prefix}/{name}"
            for sampled in SAMPLED_EVENTS.values()
            if sampled.type in found
            for name in sorted(found[sampled.type])
        ]

    def columns(self, sampled: SampledEvent, names: Collection[str]) -> dict[str, Column]:
        """Read these columns of one event type, named as by `Table.column`, void samples included."""
        return self._columns(sampled.type, names, self._tail.get(sampled.type))

    def seqs_of(self, type_: str) -> Ints:
        """Read the numbers of all durable events of that type, ascending."""
        return self._columns(DURABLE_INDEX, [type_], self._durable_index)[type_].values.astype(np.int64)

    def counts(self) -> dict[str, int]:
        """Count the events of each type that the journal has had, also those that were pruned."""
        durable = {type_: len(self.seqs_of(type_)) for type_ in DURABLE_TYPES}
        sampled = {
            type_: len(self.columns(SAMPLED_EVENTS[type_], ["seq"])["seq"].values)
            for type_ in EPHEMERAL_TYPES
            if type_ in SAMPLED_EVENTS
        }
        return {type_: count for type_ in EVENT_TYPES if (count := (durable | sampled).get(type_, 0))}

    @property
    def starts(self) -> list[Start]:
        """The training starts, one for each attempt that began to train."""
        if self._starts is None:
            numbers = self.seqs_of(TrainingStart.type).tolist()
            self._starts = [_start(*row) for row in _STARTS.rows(self.run.pk, numbers)] if numbers else []
        return self._starts

    def events(self, numbers: Iterable[int]) -> list[RunEvent]:
        """Read those of these events that the journal still has, in order."""
        return list(RunEvent.objects.filter(run_id=self.run.pk, seq__in=list(numbers)).order_by("seq"))

    def valid_rows(self, sampled: SampledEvent) -> NDArray[np.bool_] | None:
        """Mark which rows of the event type are not void; None: all are valid.

        A start voids earlier samples of the epochs after the one it goes on from, as browsers do.
        """
        starts = self.starts[1:]
        if not starts or "epoch" not in sampled.base:
            return None
        columns = self.columns(sampled, ["seq", "epoch"])
        limits = [-1 if start.resumed_from_epoch is None else start.resumed_from_epoch for start in starts]
        lowest = np.minimum.accumulate(np.array([NONE_LATER, *reversed(limits)]))[::-1]
        later = np.searchsorted([start.seq for start in starts], columns["seq"].values)
        found: NDArray[np.bool_] = columns["epoch"].values <= lowest[later]
        return found

    def _columns(self, type_: str, names: Collection[str], tail: Table | None) -> dict[str, Column]:
        cached = self._compacted_columns(type_, names)
        if tail is None:
            return {name: cached[name].column for name in names}
        return {
            name: joined([(cached[name].row_count, cached[name].column), _part(type_, tail, name)]) for name in names
        }

    def _compacted_columns(self, type_: str, names: Collection[str]) -> dict[str, CachedColumn]:
        """Read the columns of the compacted ranges from the cache, and what it lacks from the database."""
        cached = {name: self._cached(type_, name) for name in names}
        parts: dict[str, list[Part]] = {
            name: [(one.row_count, one.column)] for name, one in cached.items() if one.until < self._compacted
        }
        if not parts:
            return cached
        for first, data in self._ranges(type_, min(cached[name].until for name in parts)):
            wanted = {name for name in parts if cached[name].until < first}
            found = decode_table(data, wanted)
            for name in wanted:
                parts[name].append(_part(type_, found, name))
        for name, pieces in parts.items():
            cached[name] = CachedColumn(self._compacted, sum(count for count, _ in pieces), joined(pieces))
            column_cache.put((*self._key, type_, name), cached[name])
        return cached

    def _cached(self, type_: str, name: str) -> CachedColumn:
        """Return the cached column, `EMPTY` if it reaches beyond this moment: a later reader stored it."""
        found = column_cache.get((*self._key, type_, name))
        return found if found.until <= self._compacted else EMPTY

    def _ranges(self, type_: str, after: int) -> Iterator[tuple[int, bytes]]:
        rows = RunSamples.objects.filter(
            run_id=self.run.pk, type=type_, first_seq__gt=after, last_seq__lte=self._compacted
        )
        for first, data in rows.order_by("first_seq").values_list("first_seq", "data").iterator(chunk_size=64):
            yield first, bytes(data)


def _key(run: Run) -> tuple[int, datetime]:
    """Tell the run apart from others: ids start again in another database (a restored one), times do not."""
    return run.pk, run.created_at


def _part(type_: str, found: Table, name: str) -> Part:
    """Return the column with the number of its table's rows; each column of the durable index stands alone."""
    column = found.column(name)
    return (found.count if type_ != DURABLE_INDEX else 0 if column is None else len(column.values)), column


def _start(seq: int, timestamp: str, text: str) -> Start:
    data: dict[str, Any] = msgspec.json.decode(text)
    total, epochs = data.get("total_steps"), data.get("max_epochs")
    moment = int(np.datetime64(timestamp.removesuffix("Z"), "us").astype(np.int64))
    return Start(seq, moment, data.get("resumed_from_epoch"), total / epochs if total and epochs else None)
