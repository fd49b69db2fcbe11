"""Read what a run predicted of the samples of a split, in an order that two runs of the same samples share.

Brings NumPy and Arrow: a web process loads it with the first comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from runs.files import predictions_file
from runs.models import Run
from runs.statistics.roc import Floats, Ints

MOST_SAMPLES = 1_000_000
COLUMNS = ("split", "sample_id", "patient_id", "label", "score")


@dataclass(frozen=True, slots=True)
class Scores:
    """The samples of one split by their ids, which are unique; `patients` are None where one is not known."""

    ids: pa.Array
    labels: Ints
    patients: pa.Array | None
    scores: Floats

    def has_samples_of(self, other: Scores) -> bool:
        """Return whether both have the same samples, with the same labels."""
        return bool(self.ids.equals(other.ids)) and bool(np.array_equal(self.labels, other.labels))

    def patient_codes(self) -> Ints | None:
        """Return a number for each sample that its patient's samples share; None where a patient is not known."""
        if self.patients is None:
            return None
        return np.asarray(self.patients.dictionary_encode().indices.to_numpy(zero_copy_only=False), dtype=np.int64)


def read(run: Run, split: str) -> Scores | None:
    """Return the scores; None: there are none, of several classes, of too many samples, or of samples without ids.

    Raises StoreError.
    """
    table = rows(run, COLUMNS)
    return None if table is None else _sorted(table.filter(pc.equal(table["split"], split)))


def rows(run: Run, columns: Sequence[str], optional: Sequence[str] = ()) -> pa.Table | None:
    """Read columns of all samples, the optional ones where there are such; None as in `read`. Raises StoreError."""
    try:
        with predictions_file.opened(run) as found:
            names = set(found.schema_arrow.names)
            if found.metadata.num_rows > MOST_SAMPLES or not set(columns) <= names:
                return None
            return found.read(columns=[*columns, *(name for name in optional if name in names)])
    except (FileNotFoundError, predictions_file.UnreadablePredictions):
        return None


def _sorted(table: pa.Table) -> Scores | None:
    table = table.sort_by("sample_id").combine_chunks()
    ids = table["sample_id"].cast(pa.string()).combine_chunks()
    if not len(ids) or ids.null_count or len(ids.unique()) < len(ids):
        return None
    patients = table["patient_id"].cast(pa.string()).combine_chunks()
    return Scores(
        ids=ids,
        labels=np.asarray(table["label"].to_numpy(), dtype=np.int64),
        patients=None if patients.null_count else patients,
        scores=np.asarray(table["score"].to_numpy(), dtype=np.float64),
    )
