"""Find where samples stand among those that a run predicted.

Brings NumPy and Arrow: a web process loads it with the first comparison.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from runs.comparison import stored_scores
from runs.models import Run


def read(run: Run, split: str, ids: Sequence[str]) -> dict[str, int]:
    """Return the rows of these samples within the split, by id, of those that the run predicted. Raises StoreError."""
    table = stored_scores.rows(run, ("split", "sample_id")) if ids else None
    if table is None:
        return {}
    try:
        table = table.filter(pc.equal(table["split"].cast(pa.string()), split))
        known = table["sample_id"].cast(pa.string()).combine_chunks()
        found = pc.index_in(pa.array(ids, pa.string()), value_set=known).to_pylist()
    except pa.ArrowException:
        return {}
    return {name: place for name, place in zip(ids, found, strict=True) if place is not None}
