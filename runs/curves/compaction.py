"""Compact ranges of the journal into encoded columns, beside the recorder and never in its way.

The journal's numbers become visible in order, so a range that `last_seq` has passed never changes: the first process to
reach it compacts it in one short transaction, and another that compacts the same range meanwhile finds it done. Reading
and encoding happen before that transaction. Full ranges are compacted while a training runs, the rest at its end;
readers compact full ranges themselves if nothing else has, and so does pruning before it removes anything.
"""

from __future__ import annotations

import logging

from django.db import Error, IntegrityError, transaction

from runs.curves.durable_index import DURABLE_INDEX
from runs.derived_models import RunSamples
from runs.models import Run
from runs.statements.prepared_query import PreparedQuery

RANGE = 4_096
"""Numbers of the journal in one chunk; a shorter rest stays in the journal, where each reader decodes it again."""
FEW = 512
"""Numbers of an ended run that may stay in the journal: decoding them takes a reader some milliseconds."""
logger = logging.getLogger(__name__)
_COMPACTED = PreparedQuery(
    lambda run_id: (
        RunSamples.objects.filter(run_id=run_id, type=DURABLE_INDEX).order_by("-first_seq").values_list("last_seq")[:1]
    )
)


def compacted_until(run_id: int) -> int:
    """Return the number up to which the run's samples are compacted; 0 if none are."""
    found = _COMPACTED.first(run_id)
    return found[0] if found else 0


def compact_due(run_id: int, last_seq: int) -> int:
    """Compact all full ranges up to `last_seq`; return the number up to which all is compacted.

    A database that cannot be written now (a full disk) does not stop a reader: the rest stays in the journal.
    """
    until = compacted_until(run_id)
    try:
        while last_seq - until >= RANGE:
            until = _compact(run_id, until, until + RANGE)
    except Error:
        logger.warning("Run %s: its samples could not be compacted now.", run_id, exc_info=True)
    return until


def compact_all(run_id: int, last_seq: int) -> None:
    """Compact everything up to `last_seq`, the last range however short. Raises django.db.Error."""
    until = compacted_until(run_id)
    while until < last_seq:
        until = _compact(run_id, until, min(until + RANGE, last_seq))


def compact_running() -> None:
    """Compact one range of each unfinished run that has a full one. A run that fails stops no other.

    Cheap where there is none.
    """
    unfinished = Run.objects.filter(status__in=Run.UNFINISHED, last_seq__gte=RANGE).order_by()
    for run_id, last_seq in unfinished.values_list("pk", "last_seq"):
        until = compacted_until(run_id)
        if last_seq - until >= RANGE:
            try:
                _compact(run_id, until, until + RANGE)
            except Exception:
                logger.exception("Run %s: its samples could not be compacted.", run_id)


def compact_ended(run_id: int) -> None:
    """Compact all that is left of an ended run, so that its first reader need not wait; failures are logged."""
    try:
        ended = Run.objects.filter(pk=run_id, status__in=Run.ENDED)
        last_seq = ended.values_list("last_seq", flat=True).first()
        if last_seq is not None and last_seq - compacted_until(run_id) > FEW:
            compact_all(run_id, last_seq)
    except Exception:
        logger.exception("Run %s: its samples could not be compacted.", run_id)


def _compact(run_id: int, after: int, until: int) -> int:
    """Store the range; return how far all is compacted then, by this process or by another."""
    # NumPy comes with it, which a process that has nothing to compact need not load.
    from runs.curves.journal_ranges import encoded  # noqa: PLC0415

    rows = encoded(run_id, after, until)
    try:
        with transaction.atomic():
            RunSamples.objects.bulk_create(rows)
    except IntegrityError:
        if (others := compacted_until(run_id)) <= after:
            raise
        return others
    return until
