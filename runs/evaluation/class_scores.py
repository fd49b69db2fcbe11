"""Read what a run predicted of one class, from `predictions.parquet`: piece by piece, whatever the number of classes.

Brings NumPy and Arrow: a web process loads it with the first evaluation that is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from runs.evaluation.remembered import remembered
from runs.files import predictions_file
from runs.models import Run
from runs.statistics.log_odds import LogOdds
from runs.statistics.roc import Flags, Floats, Ints

MOST_SAMPLES = 2_000_000  # of both splits
MOST_LOGITS = 50_000_000  # beyond them scores rank the samples, of which one column is enough
VALUES_AT_ONCE = 2_000_000
REMEMBERED = 4  # classes of splits; each holds 17 bytes for a sample

GONE = "This run has no predictions.parquet any more: nothing can be told of single samples."
UNREADABLE = "predictions.parquet of this run cannot be read: nothing can be told of single samples."
NO_PLACE = "predictions.parquet of this run has no such sample of this split."
TOO_MANY = f"The run predicted more than {MOST_SAMPLES:,} samples: so many are not looked at one by one."


Origin: TypeAlias = int | str
"""Whose predictions: those of the run with this number, or those in the file at this path."""


class ClassScores(NamedTuple):
    """The samples of one split: which are of the class, their scores of it, and what ranks them more finely.

    The ranks are log-odds where the logits are known, else the scores.
    """

    positive: Flags
    scores: Floats
    ranks: Floats
    has_logits: bool = False


class Identity(NamedTuple):
    """Which sample it is, and of which class; the patient is None where it is not known, the file where it has none."""

    sample_id: str | None
    patient_id: str | None
    file: str | None
    file_bytes: int | None
    label: int


class NoScores(Exception):
    """The scores cannot be had, as the sentence says; a file may still come."""


@remembered(REMEMBERED)
def read(origin: Origin, attempt: int, split: str, label: int, class_names: tuple[str, ...]) -> ClassScores:  # noqa: ARG001
    """Read the scores of a class, of two classes those of the positive one: what an attempt wrote does not change.

    A page asks for its curves and for both kinds of errors at once, and each needs them. Raises NoScores, StoreError.
    """
    with opened(origin) as found:
        return _read(found, split, label, class_names)


def own_scores(origin: Origin, split: str, class_names: Sequence[str], most: int) -> list[Floats]:
    """Read what the samples of each class, of more than two, have as score of it: of the first classes, in one pass.

    Raises NoScores wherever `read` would for one of them, and StoreError.
    """
    with opened(origin) as found:
        names = [f"score_{name}" for name in class_names[:most]]
        logits = _logits_of(found, class_names)
        size = max(1, VALUES_AT_ONCE // (2 + len(names) + len(logits)))
        batches = found.iter_batches(size, columns=["split", "label", *names, *logits])
        parts = [_own(rows, names, logits) for batch in batches if (rows := of_split(batch, split)).num_rows]
    if not parts:
        raise NoScores(UNREADABLE)
    return [np.concatenate(own) for own in zip(*parts, strict=True)]


def _own(rows: pa.RecordBatch, names: Sequence[str], logits: Sequence[str]) -> list[Floats]:
    labels = predictions_file.numbers(rows["label"])
    odds = _log_odds([predictions_file.numbers(rows[name]) for name in logits]) if logits else None
    own = []
    for label, name in enumerate(names):
        scores = predictions_file.numbers(rows[name])
        if not (np.isfinite(scores).all() and (odds is None or np.isfinite(odds.of(label)).all())):
            raise NoScores(UNREADABLE)
        own.append(scores[labels == label])
    return own


def identities(origin: Origin, split: str, places: Ints) -> list[Identity]:
    """Name the samples at these places of the split, in this order. Raises NoScores, StoreError."""
    found: list[tuple[Ints, list[Identity]]] = []
    start = 0
    with opened(origin) as file:
        names = [name for name in ("sample_id", "patient_id", "file", "file_bytes") if name in file.schema_arrow.names]
        for batch in file.iter_batches(VALUES_AT_ONCE // 8, columns=["split", "label", *names]):
            rows = np.flatnonzero(_is_of_split(batch, split))  # few of whose texts are needed
            asked = np.flatnonzero((places >= start) & (places < start + len(rows)))
            if len(asked):
                found.append((asked, _named(batch.take(pa.array(rows[places[asked] - start])))))
            start += len(rows)
            if len(places) and start > places.max():
                break
    if sum(len(asked) for asked, _ in found) < len(places):
        raise NoScores(NO_PLACE)
    ordered = {int(at): one for asked, part in found for at, one in zip(asked, part, strict=True)}
    return [ordered[at] for at in range(len(places))]


def _named(rows: pa.RecordBatch) -> list[Identity]:
    return [
        Identity(
            sample_id=_text(row.get("sample_id")),
            patient_id=_text(row.get("patient_id")),
            file=row.get("file"),
            file_bytes=row.get("file_bytes"),
            label=int(row["label"]),
        )
        for row in rows.to_pylist()
    ]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


@contextmanager
def opened(origin: Origin, dictionaries: Sequence[str] = ()) -> Iterator[pq.ParquetFile]:
    """Open the predictions as `predictions_file.opened` does.

    Whatever is wrong with them becomes NoScores, a failing object store StoreError.
    """
    try:
        with _file_of(origin, dictionaries) as found:
            if found.metadata.num_rows > MOST_SAMPLES:
                raise NoScores(TOO_MANY)
            yield found
    except (FileNotFoundError, Run.DoesNotExist):
        raise NoScores(GONE) from None
    except predictions_file.UnreadablePredictions:
        raise NoScores(UNREADABLE) from None


def _file_of(origin: Origin, dictionaries: Sequence[str]) -> AbstractContextManager[pq.ParquetFile]:
    if isinstance(origin, str):
        return predictions_file.opened_at(Path(origin), dictionaries)
    return predictions_file.opened(Run.objects.only("pk").get(pk=origin), dictionaries)


def _read(found: pq.ParquetFile, split: str, label: int, class_names: Sequence[str]) -> ClassScores:
    score = "score" if len(class_names) == 2 else f"score_{class_names[label]}"
    logits = _logits_of(found, class_names)
    parts = list(_parts(found, split, label, score, logits))
    if not parts:
        raise NoScores(UNREADABLE)
    positive, scores, ranks = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    if not (np.isfinite(scores).all() and np.isfinite(ranks).all()):
        raise NoScores(UNREADABLE)
    return ClassScores(positive, scores, ranks, has_logits=bool(logits))


def _logits_of(found: pq.ParquetFile, class_names: Sequence[str]) -> list[str]:
    """Name the columns of logits; none where they are not all there, or too many."""
    logits = ["logit"] if len(class_names) == 2 else [f"logit_{name}" for name in class_names]
    there = set(logits) <= set(found.schema_arrow.names)
    return logits if there and found.metadata.num_rows * len(logits) <= MOST_LOGITS else []


def _parts(
    found: pq.ParquetFile, split: str, label: int, score: str, logits: Sequence[str]
) -> Iterator[tuple[Flags, Floats, Floats]]:
    """Yield the split's samples, as many at once as their logits leave room for."""
    size = max(1, VALUES_AT_ONCE // (2 + len(logits)))
    for batch in found.iter_batches(size, columns=["split", "label", score, *logits]):
        rows = of_split(batch, split)
        if rows.num_rows:
            scores = predictions_file.numbers(rows[score])
            ranks = _log_odds([predictions_file.numbers(rows[name]) for name in logits]).of(label) if logits else scores
            yield predictions_file.numbers(rows["label"]) == label, scores, ranks


def of_split(batch: pa.RecordBatch, split: str) -> pa.RecordBatch:
    """Select the rows of the split."""
    return batch.filter(_is_of_split(batch, split))


def _is_of_split(batch: pa.RecordBatch, split: str) -> pa.BooleanArray:
    return pc.fill_null(pc.equal(batch["split"].cast(pa.string()), split), False)


def _log_odds(logits: Sequence[Floats]) -> LogOdds:
    return LogOdds(logits[0] if len(logits) == 1 else np.column_stack(logits))
