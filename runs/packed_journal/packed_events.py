"""Read the events of the journal that are packed, and remove them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db.models import QuerySet, Sum
from django.db.models.functions import Length

from runs.derived_models import PackedEvents
from runs.models import Run, RunEvent
from runs.packed_journal import event_codec


def with_packed(
    rows: Sequence[RunEvent], run_id: int, after: int, until: int | None, limit: int, *, types: Collection[str] = ()
) -> list[RunEvent]:
    """Add the packed events after `after` up to `until` to these rows, which are the first `limit` there are.

    Only those of `types`, unless that is empty.
    """
    at_the_end = until is None and not types  # the last numbers of a run are never packed
    if rows and rows[-1].seq - after == len(rows) and (len(rows) == limit or until == rows[-1].seq or at_the_end):
        return list(rows)  # without a gap, as what is live always is
    found = {event.seq: event for event in rows}  # a range that is being packed now may be there twice
    last = rows[-1].seq if len(rows) == limit else until
    ranges = PackedEvents.objects.filter(run_id=run_id, last_seq__gt=after, count__gt=0)
    if last is not None:
        ranges = ranges.filter(first_seq__lte=last)
    taken = 0
    for data in ranges.order_by("first_seq").values_list("data", flat=True).iterator(chunk_size=1):
        events = {
            event.seq: RunEvent(run_id=run_id, **event._asdict())
            for event in event_codec.decode(bytes(data), types)
            if event.seq > after and (last is None or event.seq <= last)
        }
        found |= events
        taken += len(events)
        if taken >= limit:
            break
    return [found[seq] for seq in sorted(found)[:limit]]


def amount(run_ids: Collection[int] | QuerySet[Run, Any]) -> tuple[int, int]:
    """Return the number of packed events of those runs, and their bytes."""
    found = PackedEvents.objects.filter(run__in=run_ids).aggregate(events=Sum("count"), size=Sum(Length("data")))
    return found["events"] or 0, found["size"] or 0


def remove(run_id: int, first: int, last: int) -> int:
    """Remove the packed events of the ranges that begin at those numbers; return how many. They stay marked as done."""
    ranges = PackedEvents.objects.filter(run_id=run_id, first_seq__gte=first, first_seq__lte=last, count__gt=0)
    removed: int = ranges.aggregate(events=Sum("count"))["events"] or 0
    ranges.update(count=0, data=b"")
    return removed
