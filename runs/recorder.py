"""The only writer of metrics and the journal: events become rows, all of a batch in one transaction.

Every write is fenced: it happens only while the run is running under the writer's attempt, otherwise it raises
`Fenced`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Q

from runs.evaluated_splits import split_looks
from runs.events import (
    EpochEnd,
    Event,
    FinalStats,
    Progress,
    Stamped,
    TrainingStart,
    encode,
    format_time,
    utc_now,
)
from runs.leases import Leases
from runs.models import FinalResult, Run, RunEvent, RunMetric
from runs.statements import row_change
from runs.statements.bulk_insert import BulkInsert
from runs.statements.prepared_query import PreparedQuery
from runs.statistics.metric_names import COUNTS
from runs.summaries import metric_summaries

GROWING = frozenset({"events_thinned"})
"""Codes of notes that a later text replaces; of all others the first one stays."""
LEASES = Leases(Run, "run", waiting=Q(status=Run.Status.QUEUED), held=Q(status__in=Run.RUNNING))

_STORED: frozenset[type[Event]] = frozenset({EpochEnd, TrainingStart, FinalStats})
"""Types of events that add to other tables; most batches have none."""
_EVENTS = BulkInsert(RunEvent, ["run", "seq", "attempt", "type", "timestamp", "data"])
_EPOCH_VALUES = BulkInsert(
    RunMetric,
    ["run", "epoch", "metric_name", "value", "dataset_type"],
    fixed={"context": "epoch", "class_name": ""},
)
_LAST_SEQ = PreparedQuery(lambda pk: Run.objects.filter(pk=pk).order_by().values_list("last_seq"))


def stamp(event: Event, at: datetime | None = None) -> Stamped[Event]:
    """Stamp an event with the present moment, or with the one given."""
    return Stamped(event, format_time(at) if at else utc_now(), encode(event).decode())


def record(
    run_id: int,
    attempt: int,
    batch: Sequence[Stamped[Event]],
    *,
    columns: Mapping[str, Any] | None = None,
    notes: Iterable[Mapping[str, str]] = (),
    again: bool = False,
) -> None:
    """Store a batch of a running attempt and renew its lease; all or nothing.

    `columns` are further columns of the Run (checkpoints, best values). `again`: it was tried before, and a connection
    that broke at the commit left it unknown whether it was stored. Raises `Fenced`.
    """
    with transaction.atomic():
        updates: dict[str, Any] = {}
        for message, _, _ in batch:
            if type(message) in _COLUMNS:
                updates |= _COLUMNS[type(message)](message)
        updates |= columns or {}
        # The numbers in the same UPDATE: each one rewrites the whole row.
        LEASES.renew(run_id, attempt, {"last_seq": len(batch)}, **updates)
        if again and batch and _has(run_id, attempt, batch[-1]):
            row_change.change(Run, run_id, {}, added={"last_seq": -len(batch)})  # it has its own numbers
            return
        _store_rows(run_id, attempt, batch)
        _add_notes(run_id, notes)
        if batch:
            write_reserved(run_id, attempt, _last_seq(run_id), batch)


def append(run_id: int, attempt: int, batch: Sequence[Stamped[Event]]) -> int:
    """Append to the journal inside the caller's transaction, which has checked that it may; return the last number.

    The numbers are taken by an UPDATE of the run's row, which stays locked until the commit: a number becomes visible
    only after all smaller ones.
    """
    row_change.change(Run, run_id, {}, added={"last_seq": len(batch)})
    last = _last_seq(run_id)
    write_reserved(run_id, attempt, last, batch)
    return last


def write_reserved(run_id: int, attempt: int, last: int, batch: Sequence[Stamped[Event]]) -> None:
    """Write a batch under the numbers up to `last`, which the caller's transaction has reserved for it."""
    _EVENTS.insert(
        [
            (run_id, seq, attempt, message.type, timestamp, data)
            for seq, (message, timestamp, data) in enumerate(batch, last - len(batch) + 1)
        ]
    )


def _last_seq(run_id: int) -> int:
    ((last,),) = _LAST_SEQ.rows(run_id)
    return int(last)


def _has(run_id: int, attempt: int, stamped: Stamped[Event]) -> bool:
    """Return whether the journal has that very event: two of one type never share both microsecond and data."""
    same = RunEvent.objects.filter(run_id=run_id, attempt=attempt, type=stamped.message.type)
    return same.filter(timestamp=stamped.timestamp, data=stamped.data).exists()


def add_note(run_id: int, code: str, text: str) -> None:
    """Add a warning that stays with the run; the same code is added once."""
    with transaction.atomic():
        _add_notes(run_id, [{"code": code, "text": text}])


def drop_note(run_id: int, code: str) -> None:
    """Remove the note with that code: its warning no longer applies."""
    with transaction.atomic():
        run = Run.objects.select_for_update().get(pk=run_id)
        Run.objects.filter(pk=run_id).update(notes=[note for note in run.notes if note["code"] != code])


def _add_notes(run_id: int, notes: Iterable[Mapping[str, str]]) -> None:
    for note in notes:
        known = Run.objects.select_for_update().values_list("notes", flat=True).get(pk=run_id)
        others = [other for other in known if other["code"] != note["code"]]
        if len(others) == len(known) or note["code"] in GROWING:
            Run.objects.filter(pk=run_id).update(notes=[*others, dict(note)])


# --- what an event changes on the run's own row ---

_HEADLINE = {
    "final_precision": "final_precision_cm",
    "final_recall": "final_recall_cm",
    "final_f1": "final_f1_cm",
    "final_auroc": "final_auroc_cm",
}


def _progress_columns(event: Progress) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "current_epoch": event.epoch,
        "samples_per_second": event.samples_per_second,
        "eta_seconds": event.eta_seconds,
    }
    if event.total_steps:
        columns["progress"] = min(1.0, event.step / event.total_steps)
    return columns


def _start_columns(event: TrainingStart) -> dict[str, Any]:
    """Return the columns of a new attempt; the evaluation of an earlier one is void."""
    return {
        "final_split": "",
        **dict.fromkeys((*COUNTS, *_HEADLINE, "recalibration")),
        "dataset": msgspec.to_builtins(event.dataset),
        "model_name": event.model.name,
        "model": {"name": event.model.name, "parameters": event.model.parameters, "trainable": event.model.trainable},
    }


def _headline_columns(event: FinalStats) -> dict[str, Any]:
    """Return the columns of the headline; the test split comes last and replaces the validation split's."""
    statistics = event.statistics
    return {
        "final_split": event.split,
        **{name: _count(statistics.get(name)) for name in COUNTS},
        **{column: statistics.get(name) for column, name in _HEADLINE.items()},
    }


def _count(value: float | None) -> int | None:
    return None if value is None else int(value)


_COLUMNS: dict[type[Event], Callable[[Any], dict[str, Any]]] = {
    Progress: _progress_columns,
    TrainingStart: _start_columns,
    FinalStats: _headline_columns,
    EpochEnd: lambda event: {"current_epoch": event.epoch},
}


# --- what an event adds to other tables ---


def _void_later_epochs(run_id: int, event: TrainingStart) -> None:
    """Delete the epochs after the checkpoint and the evaluation: both are done again."""
    first_void = 0 if event.resumed_from_epoch is None else event.resumed_from_epoch + 1
    RunMetric.objects.filter(run_id=run_id, epoch__gte=first_void).delete()
    RunMetric.objects.filter(run_id=run_id, context="final").delete()
    FinalResult.objects.filter(run_id=run_id).delete()
    metric_summaries.rebuild(run_id)


def _store_epochs(run_id: int, events: Sequence[EpochEnd]) -> None:
    _EPOCH_VALUES.insert(
        [
            (run_id, epoch, name, value, phase)
            for epoch, phase, metrics in [(event.epoch, event.phase, event.metrics) for event in events]
            for name, value in metrics.items()
        ]
    )
    metric_summaries.add_epochs(run_id, [(event.epoch, event.metrics) for event in events])


def _store_final(run_id: int, event: FinalStats) -> None:
    FinalResult.objects.create(
        run_id=run_id,
        split=event.split,
        epoch=event.epoch,
        threshold=event.threshold,
        class_names=event.class_names,
        confusion_matrix=event.confusion_matrix,
        statistics=event.statistics,
        patients=event.patients,
        reliability=msgspec.to_builtins(event.reliability),
        operating_points=msgspec.to_builtins(event.operating_points),
        by_patient=msgspec.to_builtins(event.by_patient),
    )
    RunMetric.objects.bulk_create(_final_row(run_id, event, name, value) for name, value in event.statistics.items())
    metric_summaries.add_final(run_id, event.epoch, event.statistics)


def _final_row(run_id: int, event: FinalStats, name: str, value: float | None) -> RunMetric:
    metric, _, class_name = name.partition("/")
    return RunMetric(
        run_id=run_id,
        epoch=event.epoch,
        metric_name=metric,
        value=value,
        dataset_type=event.split,
        context="final",
        class_name=class_name,
        threshold=event.threshold,
    )


def _store_rows(run_id: int, attempt: int, batch: Sequence[Stamped[Event]]) -> None:
    """Store what the events add to other tables, in their order; epochs that follow each other together."""
    if _STORED.isdisjoint({type(message) for message, _, _ in batch}):
        return
    epochs: list[EpochEnd] = []
    for stamped in batch:
        event = stamped.message
        if isinstance(event, EpochEnd):
            epochs.append(event)
        elif isinstance(event, TrainingStart | FinalStats):
            _store_epochs(run_id, epochs)
            epochs = []
            if isinstance(event, TrainingStart):
                _void_later_epochs(run_id, event)
            else:
                _store_final(run_id, event)
                split_looks.add(run_id, attempt, stamped)
    _store_epochs(run_id, epochs)
