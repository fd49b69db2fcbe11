"""Stores what a training sends: its events, and what its reports change on the run's row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from experiments.files.uploader import Uploader
from experiments.processes.training_process import ProtocolError, Received, TrainingProcess
from experiments.supervision.thinning import Thinning
from experiments.training.contract.reports import (
    REPORT_TYPES,
    BestValues,
    CheckpointSaved,
    Execution,
    Message,
    Note,
    Recalibrated,
    Report,
    Thinned,
)
from realtime.hubs import broadcast
from runs import recorder
from runs.events import EVENT_TYPES, Event, Stamped
from runs.models import Run

MOST_EXECUTIONS = 50  # of a run that changes between machines again and again, the last ones

Observer = Callable[[Message], object]


class BatchWriter:
    """Stores the batches of one attempt, and confirms to the training which of its checkpoints are registered."""

    def __init__(self, run: Run, uploader: Uploader, observe: Observer | None) -> None:
        self._run, self._uploader = run, uploader
        self._thinning = Thinning(run)
        self._observe = observe
        # Epoch of the last checkpoint that the database has, and that the training knows to be there
        self._registered = run.last_checkpoint_epoch if run.last_checkpoint else None
        self._acknowledged: int | None = None

    def store_batch(self, batch: Sequence[Received], again: bool) -> None:
        """Store a batch in one transaction; `again`: it was tried before. Raises Fenced."""
        reports = [cast(Report, message) for message, _, _ in batch if message.type in REPORT_TYPES]
        happened = [received for received in batch if received.message.type in EVENT_TYPES] if reports else batch
        columns, notes = self._reported(reports)
        thinned = [report for report in reports if isinstance(report, Thinned)]
        if thinned:
            notes.append(self._thinning.note(thinned))
        run = self._run
        events = cast("Sequence[Stamped[Event]]", happened)
        recorder.record(run.pk, run.attempt, events, columns=columns, notes=notes, again=again)
        self._thinning.add(thinned)
        self._registered = columns.get("last_checkpoint_epoch", self._registered)
        broadcast.hint(run.pk)
        if "last_checkpoint" in columns:
            self._uploader.checkpoint({name: value for name, value in columns.items() if "checkpoint" in name})
        if self._observe is not None:
            for message, _, _ in batch:
                self._observe(message)

    def _reported(self, reports: Sequence[Report]) -> tuple[dict[str, Any], list[dict[str, str]]]:
        """Return what the reports change on the run's row, and their notes."""
        columns: dict[str, Any] = {}
        for report in reports:
            columns |= columns_of(report)
            if isinstance(report, Execution):
                columns["execution"] = self._executions(report)
        return columns, [{"code": one.code, "text": one.text} for one in reports if isinstance(one, Note)]

    def _executions(self, reported: Execution) -> list[dict[str, Any]]:
        """Add what this attempt uses to what earlier ones used, unless that is the same."""
        facts = msgspec.structs.asdict(reported)
        earlier = [entry for entry in self._run.execution if entry["attempt"] < self._run.attempt]
        if earlier and {**earlier[-1], "attempt": None} == {**facts, "attempt": None}:
            return earlier
        return [*earlier, {"attempt": self._run.attempt, **facts}][-MOST_EXECUTIONS:]

    def acknowledge(self, process: TrainingProcess) -> None:
        """Name the checkpoint that is stored: the training keeps it until the next one is."""
        if self._registered is not None and self._registered != self._acknowledged:
            self._acknowledged = self._registered
            process.confirm_checkpoint(self._registered)


def columns_of(message: Message) -> dict[str, Any]:
    """Return what a report changes on the run's row; raises ProtocolError for a path outside the run's folder."""
    if isinstance(message, CheckpointSaved):
        return {
            "last_checkpoint": _inside(message.last),
            "last_checkpoint_epoch": message.epoch,
            "last_checkpoint_step": message.step,
            "best_checkpoint": _inside(message.best) if message.best else "",
        }
    if isinstance(message, BestValues):
        return {name: getattr(message, name) for name in message.__struct_fields__}
    if isinstance(message, Recalibrated):
        return {"recalibration": msgspec.to_builtins(message.found)}
    return {}


def _inside(path: str) -> str:
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise ProtocolError(f"checkpoint outside the run's folder: {path!r}")
    return path
