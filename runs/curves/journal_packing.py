"""Pack the ephemeral events of long runs that have ended: their only writer.

A row of the journal is mostly digits and what SQL keeps beside them; packed, it takes a sixth. Ranges of it are packed
whose samples are compacted, each in one transaction: a kill leaves rows or packed events, never both and never
neither. The last numbers stay rows: most who look at an ended run look at its end.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from runs import clock
from runs.curves.compaction import RANGE, compact_all
from runs.derived_models import PackedEvents
from runs.events import EPHEMERAL_TYPES
from runs.models import Run, RunEvent
from runs.packed_journal import event_codec
from runs.packed_journal.event_codec import PackedEvent

REST = timedelta(hours=1)
"""Since the end of a run: most readers have read its journal by then, as rows."""
LAST_ROWS = 512
"""Numbers at the end of a run that stay rows."""
SHORTEST = 512
"""Numbers of the journal in a range at least: the last one before those is mostly shorter than the others."""
PAUSE_SECONDS = 0.02
"""Pause after each range, so that waiting writers come first."""
ALL = 2**31


def due(now: datetime | None = None) -> QuerySet[Run]:
    """Select the runs that have something to pack, the oldest first."""
    last = PackedEvents.objects.filter(run=OuterRef("pk"), last_seq__gt=OuterRef("last_seq") - LAST_ROWS - SHORTEST)
    ended = Run.objects.filter(status__in=Run.ENDED, end_time__lt=(now or clock.now()) - REST)
    return ended.filter(~Exists(last), last_seq__gte=SHORTEST + LAST_ROWS).order_by("pk")


def pack(run: Run, ranges: int = ALL) -> int:
    """Pack at most so many ranges of the run; return the number of events. Stops when the run is resumed.

    Raises django.db.Error.
    """
    packed, after = 0, _packed_until(run)
    reach = min(run.last_seq, after + ranges * RANGE)
    last = min(reach, run.last_seq - LAST_ROWS)
    if last - after >= SHORTEST:
        compact_all(run.pk, reach)
    while last - after >= SHORTEST:
        until = min(after + RANGE, last)
        with transaction.atomic():
            if not Run.objects.select_for_update().filter(pk=run.pk, status__in=Run.ENDED).exists():
                return packed
            if _packed_until(run) == after:  # else another process has packed it meanwhile
                packed += _pack_range(run.pk, after, until)
        after = until
        time.sleep(PAUSE_SECONDS)
    return packed


def _packed_until(run: Run) -> int:
    known = PackedEvents.objects.filter(run=run).order_by("-last_seq").values_list("last_seq", flat=True)
    return known.first() or 0


def _pack_range(run_id: int, after: int, until: int) -> int:
    """Replace the rows of a range by their packed form; a range without any is marked as done too."""
    rows = _ephemeral(run_id).filter(seq__gt=after, seq__lte=until)
    events = [PackedEvent(*row) for row in rows.order_by("seq").values_list(*PackedEvent._fields)]
    data = event_codec.encode(events) if events else b""
    if events and event_codec.decode(data) != events:
        raise ValueError(f"run {run_id}: events after {after} do not come back as they are")
    PackedEvents.objects.create(run_id=run_id, first_seq=after + 1, last_seq=until, count=len(events), data=data)
    rows.delete()
    return len(events)


def _ephemeral(run_id: int) -> QuerySet[RunEvent]:
    return RunEvent.objects.filter(run_id=run_id, type__in=sorted(EPHEMERAL_TYPES))
