"""Read the predictions of a split with the groups of its samples.

Brings NumPy and Arrow: a web process loads it with the first subgroups that are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from runs.files import predictions_file
from runs.models import Run
from runs.saved_points.run_decision import Decision
from runs.statistics.intervals.patients import patient_codes
from runs.statistics.roc import Floats
from runs.statistics.subgroups.group_comparison import MOST_CELLS, MOST_SCORES, Split
from runs.statistics.subgroups.group_names import PREFIX

GONE = "This run has no predictions.parquet any more, so its subgroups cannot be told apart."
UNREADABLE = "predictions.parquet of this run cannot be read, so its subgroups cannot be told apart."
NONE = (
    "No columns were kept with the predictions of this run: name them in data.subgroup_columns, or a folder in "
    "data.subgroup_folder, and run it again."
)
TOO_MANY = f"There are more than {MOST_CELLS:,} samples times columns; name one column."
TOO_MANY_SCORES = f"There are more than {MOST_SCORES:,} samples times classes; subgroups of so many are not told apart."


class NoGroups(Exception):
    """The groups cannot be had, as the sentence says; a file may still come."""


def columns_of(run: Run) -> list[str]:
    """List the columns that were kept, one or more. Raises NoGroups, StoreError."""
    try:
        with predictions_file.opened(run) as found:
            names = found.schema_arrow.names
    except FileNotFoundError:
        raise NoGroups(GONE) from None
    except predictions_file.UnreadablePredictions:
        raise NoGroups(UNREADABLE) from None
    columns = [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]
    if not columns:
        raise NoGroups(NONE)
    return columns


def read(run: Run, split: str, class_names: Sequence[str], decision: Decision, columns: Sequence[str]) -> Split:
    """Read the samples of the split, with their groups by these columns. Raises NoGroups, StoreError."""
    try:
        with predictions_file.opened(run) as found:
            return read_from(found, split, class_names, decision, columns)
    except FileNotFoundError:
        raise NoGroups(GONE) from None
    except (predictions_file.UnreadablePredictions, KeyError, TypeError, ValueError):
        raise NoGroups(UNREADABLE) from None


def read_from(
    found: pq.ParquetFile, split: str, class_names: Sequence[str], decision: Decision, columns: Sequence[str]
) -> Split:
    """Read the same from predictions that are open; raises NoGroups, KeyError, TypeError, ValueError."""
    rows, there = found.metadata.num_rows, set(found.schema_arrow.names)
    if rows * len(columns) > MOST_CELLS:
        raise NoGroups(TOO_MANY)
    if rows * len(class_names) > MOST_SCORES:
        raise NoGroups(TOO_MANY_SCORES)
    two = len(class_names) == 2
    scores = ["score"] if two else [f"score_{name}" for name in class_names]
    logits = ["logit"] if two else [f"logit_{name}" for name in class_names]
    logits = logits if set(logits) <= there else []
    wanted = ["split", "patient_id", "label", *scores, *logits, *(f"{PREFIX}{column}" for column in columns)]
    table = found.read(columns=wanted)
    table = table.filter(pc.equal(table["split"].cast(pa.string()), split))
    if not table.num_rows:
        raise NoGroups(UNREADABLE)
    labels = _numbers(table, ["label"])
    if not np.isin(labels, np.arange(len(class_names))).all():
        raise NoGroups(UNREADABLE)
    return Split(
        scores=_numbers(table, scores),
        logits=_numbers(table, logits) if logits else None,
        targets=labels.astype(np.int64),
        threshold=decision.threshold,
        patients=patient_codes(table["patient_id"].to_pylist()),
        columns={column: list(map(str, table[f"{PREFIX}{column}"].to_pylist())) for column in columns},
        log_odds=decision.log_odds,
    )


def _numbers(table: pa.Table, names: Sequence[str]) -> Floats:
    """Return (N,) numbers of one column, (N, columns) of several. Raises ValueError for what is not finite."""
    columns = [predictions_file.numbers(table[name]) for name in names]
    numbers = columns[0] if len(columns) == 1 else np.column_stack(columns)
    if not np.isfinite(numbers).all():
        raise ValueError
    return numbers
