"""The validation matrices of a run's epochs, as many as a page can use, each in a few hundred numbers.

Those of two classes are made of the counts that every epoch stores; those of several come with `epoch_end` events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from django.db.models.functions import Substr

from runs.events import EpochEnd, EpochMatrix, TrainingStart
from runs.models import Run, RunEvent, RunMetric
from runs.queries import of_types
from runs.statistics.metric_names import COUNTS

_NAMES = tuple(f"val_{name}" for name in COUNTS)
_VALIDATED = re.compile(r'\{"epoch":(\d+),"phase":"val",')
_BEGINNING = 48  # characters in which an event says epoch and phase
_IN_ROWS = ("tn", "fp", "fn", "tp")  # row = true class, column = predicted class


class _WithMatrix(msgspec.Struct):
    matrix: EpochMatrix | None = None


class _Start(msgspec.Struct):
    resumed_from_epoch: int | None


_MATRIX = msgspec.json.Decoder(_WithMatrix)
_START = msgspec.json.Decoder(_Start)


def epoch_matrices(run: Run, most: int) -> dict[str, Any]:
    """Read at most `most` matrices, evenly spread, the first, the last and the best epoch's among them.

    `epochs` says of how many epochs there are any. The other matrices are read one by one, by `matrix_of`.
    """
    source = _source(run)
    known = source.epochs()
    return _head(run, known) | {"matrices": source.matrices(thinned(known, most, run.best_epoch))}


def matrix_of(run: Run, epoch: int) -> dict[str, Any]:
    """Read the matrix of one epoch, null if it has none."""
    source = _source(run)
    known = source.epochs()
    found = source.matrices([epoch]) if epoch in known else [{"epoch": epoch, "matrix": None}]
    return _head(run, known) | {"matrices": found}


def thinned(epochs: Sequence[int], most: int, best: int | None) -> list[int]:
    """Choose at most `most` of the epochs, evenly, with the first, the last and the best one."""
    if len(epochs) <= most:
        return list(epochs)
    step = (len(epochs) - 1) / (most - 1)
    chosen = [epochs[round(number * step)] for number in range(most)]
    if best is not None and best in epochs and best not in chosen:
        nearest = min(range(1, most - 1), key=lambda at: abs(chosen[at] - best))
        chosen[nearest] = best
    return sorted(chosen)


def _head(run: Run, known: Sequence[int]) -> dict[str, Any]:
    return {
        "class_names": (run.dataset or {}).get("classes", []),
        "best_epoch": run.best_epoch,
        "epochs": len(known),
        "first": known[0] if known else None,
        "last": known[-1] if known else None,
    }


def _source(run: Run) -> _Counts | _Events:
    return _Counts(run) if len((run.dataset or {}).get("classes", [])) == 2 else _Events(run)


class _Counts:
    """The counts of two classes, which are rows of their own."""

    def __init__(self, run: Run) -> None:
        self._rows = RunMetric.objects.filter(run=run, context="epoch", class_name="", client_id=None)

    def epochs(self) -> list[int]:
        """List the epochs."""
        found = self._rows.filter(metric_name=_NAMES[0]).order_by("epoch").values_list("epoch", flat=True)
        return list(found)

    def matrices(self, epochs: Sequence[int]) -> list[dict[str, Any]]:
        """Read the matrices of these epochs."""
        found: dict[int, dict[str, float | None]] = {epoch: {} for epoch in epochs}
        rows = self._rows.filter(metric_name__in=_NAMES, epoch__in=epochs)
        for epoch, name, value in rows.values_list("epoch", "metric_name", "value"):
            found[epoch][name.removeprefix("val_cm_")] = value
        return [{"epoch": epoch, "matrix": _of_counts(counts)} for epoch, counts in found.items()]


def _of_counts(counts: dict[str, float | None]) -> dict[str, Any] | None:
    """Build the same as an event has of several classes; None where the scores were not finite."""
    values = [counts.get(name) for name in _IN_ROWS]
    if any(value is None for value in values):
        return None
    cells = [int(value) for value in values if value is not None]
    return {
        "classes": 2,
        "samples": sum(cells),
        "right": cells[0] + cells[3],
        "pairs": sum(cell > 0 for cell in cells[1:3]),
        "cells": cells,
        "mistakes": [],
    }


class _Events:
    """The matrices of several classes in the events of the epochs; a resume makes those of later epochs void."""

    def __init__(self, run: Run) -> None:
        self._events = RunEvent.objects.filter(run=run)
        self._seqs = self._valid()

    def _valid(self) -> dict[int, int]:
        """Return the number of each epoch's event."""
        found: dict[int, int] = {}
        events = of_types(self._events, [EpochEnd.type, TrainingStart.type]).order_by("seq")
        starts = dict(of_types(self._events, [TrainingStart.type]).values_list("seq", "data"))
        beginnings = events.values_list("seq", Substr("data", 1, _BEGINNING))
        for seq, beginning in beginnings.iterator(chunk_size=10_000):
            if seq in starts:
                kept = _START.decode(starts[seq]).resumed_from_epoch
                found = {epoch: number for epoch, number in found.items() if kept is not None and epoch <= kept}
            elif validated := _VALIDATED.match(beginning):
                found[int(validated[1])] = seq
        return found

    def epochs(self) -> list[int]:
        """List the epochs; none of a run that is older than matrices of several classes."""
        with_matrix = of_types(self._events, [EpochEnd.type]).filter(data__contains='"matrix":{')
        return sorted(self._seqs) if with_matrix.exists() else []

    def matrices(self, epochs: Iterable[int]) -> list[dict[str, Any]]:
        """Read the matrices of these epochs."""
        wanted = list(epochs)
        found = self._read([self._seqs[epoch] for epoch in wanted])
        return [{"epoch": epoch, "matrix": found.get(self._seqs[epoch])} for epoch in wanted]

    def _read(self, seqs: Sequence[int]) -> dict[int, Any]:
        rows = self._events.filter(seq__in=seqs).values_list("seq", "data")
        read = {seq: _MATRIX.decode(data).matrix for seq, data in rows}
        return {seq: msgspec.to_builtins(matrix) for seq, matrix in read.items() if matrix is not None}
