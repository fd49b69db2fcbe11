"""Ranges of the journal as tables, and as the rows that keep these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from django.db import connection

from runs.curves.codec import encode_table
from runs.curves.durable_index import DURABLE_INDEX
from runs.curves.sampled_events import SAMPLED_EVENTS
from runs.curves.tables import Sample, Table, integer_table, table
from runs.derived_models import RunSamples
from runs.events import EPHEMERAL_TYPES


def journal_tables(run_id: int, after: int, until: int) -> tuple[Mapping[str, Table], Table]:
    """Read the numbers after `after` up to `until` from the journal: samples by type, and the durable index."""
    samples: dict[str, list[Sample]] = {}
    durable: dict[str, list[int]] = {}
    for type_, *sample in _events(run_id, after, until):
        if type_ in SAMPLED_EVENTS:
            samples.setdefault(type_, []).append(Sample(*sample))
        if type_ not in EPHEMERAL_TYPES:
            durable.setdefault(type_, []).append(sample[0])
    return {type_: table(SAMPLED_EVENTS[type_], rows) for type_, rows in samples.items()}, integer_table(durable)


def _events(run_id: int, after: int, until: int) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT type, seq, timestamp, data FROM runs_runevent "
            "WHERE run_id = %s AND seq > %s AND seq <= %s ORDER BY seq",
            [run_id, after, until],
        )
        while rows := cursor.fetchmany(4_096):
            yield from rows


def encoded(run_id: int, after: int, until: int) -> list[RunSamples]:
    """Make the rows of a range, which are still to be stored: one for each type of samples, and the durable index."""
    tables, durable_index = journal_tables(run_id, after, until)
    return [
        RunSamples(
            run_id=run_id,
            type=type_,
            first_seq=after + 1,
            last_seq=until,
            count=found.count,
            names=_json_list(sorted(found.columns)),
            data=encode_table(found),
        )
        for type_, found in [*tables.items(), (DURABLE_INDEX, durable_index)]
    ]


def _json_list(names: Sequence[str]) -> str:
    return msgspec.json.encode(names).decode()
