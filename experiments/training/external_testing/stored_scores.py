"""Read the samples of a split back from `predictions.parquet`: those of the run's own test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from runs.statistics.external.measured import Scored
from runs.statistics.intervals.patients import patient_codes
from runs.statistics.roc import Floats


class Unusable(Exception):
    """The file has no such samples, as the sentence says."""


def read(path: Path, split: str, class_names: Sequence[str]) -> Scored:
    """Read scores, logits, labels and patients of a split. Raises Unusable."""
    try:
        return _read(path, split, class_names)
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise Unusable("The run's own predictions.parquet cannot be read, so nothing is compared with it.") from error


def _read(path: Path, split: str, class_names: Sequence[str]) -> Scored:
    two = len(class_names) == 2
    scores = ["score"] if two else [f"score_{name}" for name in class_names]
    logits = ["logit"] if two else [f"logit_{name}" for name in class_names]
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        there = set(file.schema_arrow.names)
        logits = logits if set(logits) <= there else []
        table = file.read(columns=["split", "label", "patient_id", *scores, *logits])
    table = table.filter(pc.equal(table["split"].cast(pa.string()), split))
    found = _numbers(table, scores)
    if not len(found) or not np.isfinite(found).all():
        raise Unusable("The run's own predictions have no finite scores of that split, so nothing is compared with it.")
    return Scored(
        scores=found,
        logits=_numbers(table, logits) if logits else None,
        targets=np.asarray(table["label"].to_numpy(), dtype=np.int64),
        patients=patient_codes(table["patient_id"].to_pylist()),
    )


def _numbers(table: pa.Table, names: Sequence[str]) -> Floats:
    columns = [np.asarray(table[name].to_numpy(), dtype=np.float64) for name in names]
    return columns[0] if len(columns) == 1 else np.column_stack(columns)
