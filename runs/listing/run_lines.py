"""Lines of the run list, encoded. What is the same as before is encoded once, and then found by what it was made from.

A line is remembered under all that the database holds for it, which is read each time: so no answer is ever older than
the database, and nothing has to say when a line has changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from runs.listing.columns import Column, chosen
from runs.models import Run
from runs.scheduling.forecast import Place, forecast
from runs.serializers import run_summary
from runs.summaries import metric_summaries
from runs.summaries.run_rows import StoredRow, converted, stored_rows
from runs.summaries.sparklines import values

REMEMBERED = 1_024
"""Lines, of 4 KiB each with what they were made from."""
_DECODER: msgspec.json.Decoder[Any] = msgspec.json.Decoder()


def run_lines(run_ids: Sequence[int], columns: Sequence[Column], sparkline: bool) -> list[msgspec.Raw]:
    """Encode summaries; with `columns` each has that object, with `sparkline` its monitored curve, maybe empty."""
    rows = stored_rows(run_ids)
    further: list[list[bytes]] = [[] for _ in rows]
    if columns:
        found = chosen([row.id for row in rows], columns)
        for parts, row in zip(further, rows, strict=True):
            parts.append(b',"columns":' + _encoded(found[row.id]))
    if sparkline:
        curves = metric_summaries.stored_curves({row.id: row.monitor for row in rows})
        for parts, row in zip(further, rows, strict=True):
            parts.append(_sparkline(row.monitor, curves.get(row.id)))
    return [
        msgspec.Raw(b"".join((summary[:-1], *parts, b"}")))
        for summary, parts in zip(_summaries(rows), further, strict=True)
    ]


def _summaries(rows: Sequence[StoredRow]) -> list[bytes]:
    """Encode the summaries; that of a queued run tells its place in the queue, which its row does not."""
    queue = forecast() if any(row.status == Run.Status.QUEUED for row in rows) else None
    return [_summary(row, queue.of(row.id) if queue else None) for row in rows]


@lru_cache(REMEMBERED)
def _summary(row: StoredRow, place: Place | None) -> bytes:
    return _encoded(run_summary(converted(row), place))


@lru_cache(REMEMBERED)
def _sparkline(monitor: str, curve: str | None) -> bytes:
    """Encode the curve, given as it is stored."""
    points = values(_DECODER.decode(curve)) if curve else []
    return b',"sparkline":' + _encoded({"metric": monitor, "values": points})


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value, enc_hook=str)
