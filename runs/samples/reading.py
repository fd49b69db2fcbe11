"""The samples of one run at one moment: packed ranges from this process's memory or the database, the rest from the
journal, and without what a resume made void.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, Self

import msgspec
import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from runs.derived_models import RunSamples
from runs.events import EPHEMERAL_TYPES, EVENT_TYPES, TrainingStart
from runs.models import Run, RunEvent
from runs.samples.compiling import LANDMARKS, LASTING_TYPES, journal_tables, pack_due, packed_until
from runs.samples.kinds import SAMPLED, Kind
from runs.samples.memory import EMPTY, Kept, memory
from runs.samples.packing import unpack
from runs.samples.tables import Column, Ints, Part, Table, joined

NONE_LATER = np.iinfo(np.int64).max


class Start(NamedTuple):
    """What a `training_start` says of the samples before and after it; `seq` is its number."""

    seq: int
    time: int
    resumed_from_epoch: int | None
    steps_per_epoch: float | None


class Samples:
    """All samples up to number `last_seq`; made by `of`. Columns are read when they are asked for."""

    def __init__(self, run: Run, packed: int, tail: Mapping[str, Table], landmarks: Table) -> None:
        self.run, self.last_seq = run, run.last_seq
        self._packed, self._tail, self._landmarks = packed, tail, landmarks
        # Ids start anew in another database (a restored one): the time tells those runs apart.
        self._key: tuple[int, datetime] = (run.pk, run.created_at)
        self._starts: list[Start] | None = None

    @classmethod
    def of(cls, runs: QuerySet[Run], run_id: int) -> Self | None:
        """Of the run as it is now, if it is among `runs`; what its row says and its samples are of one moment.

        The row and the journal up to its `last_seq` are committed together, and the journal only grows. Pruning alone
        moves samples from the journal to the packed ranges: who meets it looks again.
        """
        while True:
            run = runs.filter(pk=run_id).first()
            if run is None:
                return None
            packed = pack_due(run_id, run.last_seq)
            if packed > run.last_seq:
                continue
            tail, landmarks = journal_tables(run_id, packed, run.last_seq)
            if packed_until(run_id) == packed:
                return cls(run, packed, tail, landmarks)

    def names(self) -> list[str]:
        """The full names of all curves, sorted by kind; one may have no sample that is not void."""
        rows = RunSamples.objects.filter(run_id=self.run.pk, last_seq__lte=self._packed).exclude(type=LANDMARKS)
        found: dict[str, set[str]] = {type_: set(tail.columns) for type_, tail in self._tail.items()}
        for type_, names in rows.order_by().values_list("type", "names").distinct():
            found.setdefault(type_, set()).update(msgspec.json.decode(names, type=list[str]))
        return [
            f"{kind.prefix}/{name}"
            for kind in SAMPLED.values()
            if kind.type in found
            for name in sorted(found[kind.type])
        ]

    def columns(self, kind: Kind, names: Collection[str]) -> dict[str, Column]:
        """These columns of one kind, named as by `Table.column`, with void samples."""
        return self._columns(kind.type, names, self._tail.get(kind.type))

    def numbers_of(self, type_: str) -> Ints:
        """The numbers of all lasting events of that type, ascending."""
        return self._columns(LANDMARKS, [type_], self._landmarks)[type_].values.astype(np.int64)

    def counts(self) -> dict[str, int]:
        """How many events of each type the journal has had, also those that were pruned."""
        lasting = {type_: len(self.numbers_of(type_)) for type_ in LASTING_TYPES}
        sampled = {
            type_: len(self.columns(SAMPLED[type_], ["seq"])["seq"].values)
            for type_ in EPHEMERAL_TYPES
            if type_ in SAMPLED
        }
        return {type_: count for type_ in EVENT_TYPES if (count := (lasting | sampled).get(type_, 0))}

    @property
    def starts(self) -> list[Start]:
        """One for each attempt that began to train."""
        if self._starts is None:
            self._starts = [_start(event) for event in self.events(self.numbers_of(TrainingStart.type).tolist())]
        return self._starts

    def events(self, numbers: Iterable[int]) -> list[RunEvent]:
        """Those of these events that the journal still has, in order."""
        return list(RunEvent.objects.filter(run_id=self.run.pk, seq__in=list(numbers)).order_by("seq"))

    def alive(self, kind: Kind) -> NDArray[np.bool_] | None:
        """Which rows of the kind are not void; None: all.

        A start makes void what was said before it of epochs after the one it goes on from, as browsers do.
        """
        starts = self.starts[1:]
        if not starts or "epoch" not in kind.base:
            return None
        columns = self.columns(kind, ["seq", "epoch"])
        limits = [-1 if start.resumed_from_epoch is None else start.resumed_from_epoch for start in starts]
        lowest = np.minimum.accumulate(np.array([NONE_LATER, *reversed(limits)]))[::-1]
        later = np.searchsorted([start.seq for start in starts], columns["seq"].values)
        found: NDArray[np.bool_] = columns["epoch"].values <= lowest[later]
        return found

    def _columns(self, type_: str, names: Collection[str], tail: Table | None) -> dict[str, Column]:
        kept = self._kept(type_, names)
        if tail is None:
            return {name: kept[name].column for name in names}
        return {name: joined([(kept[name].of, kept[name].column), _part(type_, tail, name)]) for name in names}

    def _kept(self, type_: str, names: Collection[str]) -> dict[str, Kept]:
        """Of the packed ranges: from memory, and what that lacks from the database."""
        kept = {name: self._remembered(type_, name) for name in names}
        parts: dict[str, list[Part]] = {
            name: [(one.of, one.column)] for name, one in kept.items() if one.until < self._packed
        }
        if not parts:
            return kept
        for first, data in self._ranges(type_, min(kept[name].until for name in parts)):
            wanted = {name for name in parts if kept[name].until < first}
            found = unpack(data, wanted)
            for name in wanted:
                parts[name].append(_part(type_, found, name))
        for name, pieces in parts.items():
            kept[name] = Kept(self._packed, sum(count for count, _ in pieces), joined(pieces))
            memory.put((*self._key, type_, name), kept[name])
        return kept

    def _remembered(self, type_: str, name: str) -> Kept:
        """What another reader has got later than we looked is of no use here."""
        found = memory.get((*self._key, type_, name))
        return found if found.until <= self._packed else EMPTY

    def _ranges(self, type_: str, after: int) -> Iterator[tuple[int, bytes]]:
        rows = RunSamples.objects.filter(
            run_id=self.run.pk, type=type_, first_seq__gt=after, last_seq__lte=self._packed
        )
        for first, data in rows.order_by("first_seq").values_list("first_seq", "data").iterator(chunk_size=64):
            yield first, bytes(data)


def _part(type_: str, found: Table, name: str) -> Part:
    """The column with the number of rows that it is a part of; each landmark's column stands alone."""
    column = found.column(name)
    return (found.count if type_ != LANDMARKS else 0 if column is None else len(column.values)), column


def _start(event: RunEvent) -> Start:
    data: dict[str, Any] = msgspec.json.decode(event.data)
    total, epochs = data.get("total_steps"), data.get("max_epochs")
    moment = int(np.datetime64(event.timestamp.removesuffix("Z"), "us").astype(np.int64))
    return Start(event.seq, moment, data.get("resumed_from_epoch"), total / epochs if total and epochs else None)
