"""Read what a run predicted of the samples that it held out, with their names. Brings NumPy and Arrow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from runs.evaluation import class_scores
from runs.evaluation.class_scores import NoScores
from runs.files import predictions_file
from runs.models import FinalResult, Run
from runs.statistics.roc import Flags, Floats, Ints

MOST_SCORES = 20_000_000  # of all runs together
TEXTS = ("split", "patient_id")  # few different ones
TOO_MANY = f"These runs have more than {MOST_SCORES:,} scores together; choose fewer runs."
NO_IDS = "Its predictions name no samples."


class Named(NamedTuple):
    """Which samples of an attempt of a run: `places` are those among their splits'."""

    run_id: int
    attempt: int
    ids: pa.Array
    patients: pa.Array
    files: pa.Array | None
    splits: pa.Array
    places: Ints

    def taken(self, rows: Ints) -> Named:
        """Return some of them."""
        at = pa.array(rows)
        files = None if self.files is None else self.files.take(at)
        return self._replace(
            ids=self.ids.take(at),
            patients=self.patients.take(at),
            files=files,
            splits=self.splits.take(at),
            places=self.places[rows],
        )


class Held(NamedTuple):
    """What one run predicted of the samples that it held out.

    `wrong` are those that it contradicts at its own threshold, also where an operating point was saved: that weighs
    what errors cost, and one for high sensitivity would make suspects of many whose scores agree with their labels.
    """

    named: Named
    labels: Ints
    scores: Floats
    wrong: Flags


def read(run: Run, result: FinalResult, before: int) -> Held:
    """Read what the run predicted; `before` scores of others are held already. Raises NoScores, StoreError."""
    names = result.class_names
    two = len(names) == 2
    columns = ["score"] if two else [f"score_{name}" for name in names]
    with class_scores.opened(run.pk, TEXTS) as file:
        if before + file.metadata.num_rows * len(names) > MOST_SCORES:
            raise NoScores(TOO_MANY)
        known = [name for name in ("sample_id", "patient_id", "file") if name in file.schema_arrow.names]
        table = file.read(columns=["split", "label", *known, *columns]).combine_chunks()
        if "sample_id" not in known or table["sample_id"].null_count or not table.num_rows:
            raise NoScores(NO_IDS)
        found = [predictions_file.numbers(table[name]) for name in columns]
        values = predictions_file.numbers(table["label"])
        named = _named(run, table)
    scores = np.column_stack([1 - found[0], found[0]] if two else found)
    if not (np.isfinite(scores).all() and np.isin(values, np.arange(len(names))).all()):
        raise NoScores(class_scores.UNREADABLE)
    labels = values.astype(np.int64)
    threshold = 0.5 if result.threshold is None else result.threshold
    said = (scores[:, 1] >= threshold).astype(np.int64) if two else scores.argmax(axis=1)
    return Held(named, labels, scores, said != labels)


def _named(run: Run, table: pa.Table) -> Named:
    texts = {name: _texts(table, name) for name in (*TEXTS, "sample_id", "file")}
    return Named(
        run_id=run.pk,
        attempt=run.attempt,
        ids=texts["sample_id"].cast(pa.large_string()),
        patients=texts["patient_id"],
        files=texts["file"] if "file" in table.column_names else None,
        splits=texts["split"],
        places=_places(texts["split"]),
    )


def _places(splits: pa.Array) -> Ints:
    """Return where each row is among those of its split."""
    encoded = splits if pa.types.is_dictionary(splits.type) else splits.dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    places = np.empty(len(codes), np.int64)
    for code in np.unique(codes):
        rows = codes == code
        places[rows] = np.arange(rows.sum())
    return places


def _texts(table: pa.Table, name: str) -> pa.Array:
    """Return the column in one piece, as texts, which may stand in a dictionary."""
    if name not in table.column_names:
        return pa.nulls(table.num_rows, pa.string())
    column = table[name]
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
