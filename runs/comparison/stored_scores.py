"""Read columns of what a run predicted, within limits: a file may hold anything.

Brings NumPy and Arrow: a web process loads it with the first comparison.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from runs.files import predictions_file
from runs.models import Run

MOST_SAMPLES = 1_000_000
MOST_VALUES = 20_000_000
MOST_TEXT = 1 << 28
"""Bytes of a column of ids: one that is stored once may stand in each row."""
TEXTS = ("split", "sample_id", "patient_id")


def rows(run: Run, columns: Sequence[str], optional: Sequence[str] = ()) -> pa.Table | None:
    """Read columns of all samples, the optional ones where there are such.

    None: there is no such file, it cannot be read, lacks a column, or has too much. Raises StoreError.
    """
    try:
        with predictions_file.opened(run, TEXTS) as found:
            names = set(found.schema_arrow.names)
            wanted = [*columns, *(name for name in optional if name in names)]
            size = found.metadata.num_rows
            if size > MOST_SAMPLES or size * len(wanted) > MOST_VALUES or not set(columns) <= names:
                return None
            return _decoded(found.read(columns=wanted))
    except (FileNotFoundError, predictions_file.UnreadablePredictions):
        return None


def _decoded(table: pa.Table) -> pa.Table | None:
    """Write texts out in each row, as they are without a dictionary; None where that is too much."""
    for place, name in enumerate(table.column_names):
        column = table[name]
        if pa.types.is_dictionary(column.type):
            if sum(map(_bytes, column.chunks)) > MOST_TEXT:
                return None
            table = table.set_column(place, name, column.cast(column.type.value_type))
    return table


def _bytes(chunk: pa.DictionaryArray) -> int:
    return pc.sum(pc.binary_length(chunk.dictionary).take(chunk.indices)).as_py() or 0
