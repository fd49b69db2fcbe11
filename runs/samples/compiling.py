"""Ranges of the journal become packed columns, beside the recorder and never in its way.

The journal's numbers become visible in order, so a range that `last_seq` has passed never changes: whoever comes
first packs it, in one short transaction, and whoever packs the same range meanwhile finds it done. Reading and
packing happen before that transaction. What is due is packed beside a training, what is left at its end; readers pack
what is due all the same, and so does pruning before it removes anything.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import msgspec
from django.db import Error, IntegrityError, transaction
from django.db.models import Max

from runs.derived_models import RunSamples
from runs.events import EPHEMERAL_TYPES, EVENT_TYPES
from runs.models import Run, RunEvent
from runs.samples.kinds import SAMPLED
from runs.samples.packing import pack
from runs.samples.tables import Sample, Table, table, whole

RANGE = 4_096
"""Numbers of the journal that one chunk covers; fewer wait in the journal, where a reader decodes them each time."""
FEW = 512
"""So many numbers of an ended run may stay in the journal: decoding them takes a reader some milliseconds."""
LANDMARKS = "landmarks"
"""The type of the row that every range has: the numbers of the lasting events, a base column for each type."""
LASTING_TYPES = tuple(sorted(set(EVENT_TYPES) - EPHEMERAL_TYPES))
logger = logging.getLogger(__name__)


def packed_until(run_id: int) -> int:
    """The number up to which the run's samples are packed."""
    found = RunSamples.objects.filter(run_id=run_id, type=LANDMARKS).aggregate(until=Max("last_seq"))
    return found["until"] or 0


def pack_due(run_id: int, last_seq: int) -> int:
    """Pack all full ranges up to `last_seq`; return the number up to which all is packed.

    A database that cannot be written now (a full disk) hinders no reader: the rest stays in the journal.
    """
    until = packed_until(run_id)
    try:
        while last_seq - until >= RANGE:
            until = _pack(run_id, until, until + RANGE)
    except Error:
        logger.warning("Run %s: its samples could not be packed now.", run_id, exc_info=True)
    return until


def pack_all(run_id: int, last_seq: int) -> None:
    """Pack everything up to `last_seq`, the last range however short. Raises what the database raises."""
    until = packed_until(run_id)
    while until < last_seq:
        until = _pack(run_id, until, min(until + RANGE, last_seq))


def pack_running() -> None:
    """One range of each unfinished run that has one due; cheap where there is none. A run that fails stops no other."""
    unfinished = Run.objects.filter(status__in=Run.UNFINISHED, last_seq__gte=RANGE).order_by()
    for run_id, last_seq in unfinished.values_list("pk", "last_seq"):
        until = packed_until(run_id)
        if last_seq - until >= RANGE:
            try:
                _pack(run_id, until, until + RANGE)
            except Exception:
                logger.exception("Run %s: its samples could not be packed.", run_id)


def pack_ended(run_id: int) -> None:
    """All that is left of a run that has ended, so that nobody who looks at it waits for that; failures are logged."""
    try:
        ended = Run.objects.filter(pk=run_id, status__in=Run.ENDED)
        last_seq = ended.values_list("last_seq", flat=True).first()
        if last_seq is not None and last_seq - packed_until(run_id) > FEW:
            pack_all(run_id, last_seq)
    except Exception:
        logger.exception("Run %s: its samples could not be packed.", run_id)


def journal_tables(run_id: int, after: int, until: int) -> tuple[Mapping[str, Table], Table]:
    """The numbers after `after` up to `until`, read from the journal: samples by type, and the landmarks."""
    samples: dict[str, list[Sample]] = {}
    lasting: dict[str, list[int]] = {}
    events = RunEvent.objects.filter(run_id=run_id, seq__gt=after, seq__lte=until).order_by("seq")
    for type_, *sample in events.values_list("type", *Sample._fields).iterator(chunk_size=4_096):
        if type_ in SAMPLED:
            samples.setdefault(type_, []).append(Sample(*sample))
        if type_ not in EPHEMERAL_TYPES:
            lasting.setdefault(type_, []).append(sample[0])
    return {type_: table(SAMPLED[type_], rows) for type_, rows in samples.items()}, whole(lasting)


def _pack(run_id: int, after: int, until: int) -> int:
    """Store the range; return how far all is packed then, by us or by somebody else."""
    tables, landmarks = journal_tables(run_id, after, until)
    rows = [
        RunSamples(
            run_id=run_id,
            type=type_,
            first_seq=after + 1,
            last_seq=until,
            count=found.count,
            names=_listed(sorted(found.columns)),
            data=pack(found),
        )
        for type_, found in [*tables.items(), (LANDMARKS, landmarks)]
    ]
    try:
        with transaction.atomic():
            RunSamples.objects.bulk_create(rows)
    except IntegrityError:
        if (others := packed_until(run_id)) <= after:
            raise
        return others
    return until


def _listed(names: Sequence[str]) -> str:
    return msgspec.json.encode(names).decode()
