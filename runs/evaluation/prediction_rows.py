"""Write what a run predicted as CSV: its columns as they are, recalibrated scores, and the decision for each sample.

Brings NumPy and Arrow: a web process loads it with the first predictions that are downloaded.
"""

from __future__ import annotations

import io
import re
from collections.abc import Generator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from runs.derived_models import SavedPoint
from runs.files import predictions_file
from runs.models import Run
from runs.spreadsheets.neutral_cells import FORMULA_STARTS, LEADING, neutral
from runs.statistics.predictions import predicted_classes
from runs.statistics.recalibration.applying import recalibrated_scores
from runs.statistics.recalibration.methods import Method
from runs.statistics.roc import Floats, Ints

VALUES_AT_ONCE = 500_000
FORMULAS = rf"(?s)\A[{LEADING}]*[{re.escape(''.join(FORMULA_STARTS))}].*"
"""As `neutral_cells.neutral` finds them, for whole columns."""


class Added(NamedTuple):
    """What the columns that are added follow from; the threshold is None with more than two classes."""

    class_names: tuple[str, ...]
    threshold: float | None
    methods: list[Method]
    saved: SavedPoint | None


def added(run: Run, class_names: Sequence[str], threshold: float | None, saved: SavedPoint | None) -> Added:
    """Take the methods that were fitted."""
    methods = msgspec.convert((run.recalibration or {}).get("methods", []), list[Method])
    fitted = [method for method in methods if method.problem is None]
    return Added(tuple(class_names), threshold, fitted, saved)


def csv_pieces(run: Run, split: str | None, more: Added) -> Generator[bytes]:
    """Yield the file, the header with the first rows.

    Raises FileNotFoundError and UnreadablePredictions with the first piece, and StoreError.
    """
    header = True
    with predictions_file.opened(run) as found:
        size = max(1, VALUES_AT_ONCE // len(found.schema_arrow.names))
        for batch in found.iter_batches(size):
            rows = batch if split is None else batch.filter(pc.equal(batch["split"].cast(pa.string()), split))
            yield _written(_with_added(rows, more), header=header)
            header = False


def _written(table: pa.Table, *, header: bool) -> bytes:
    target = io.BytesIO()
    named = table.rename_columns([neutral(name) for name in table.column_names])
    pyarrow.csv.write_csv(named, target, pyarrow.csv.WriteOptions(include_header=header))
    return target.getvalue()


def _with_added(rows: pa.RecordBatch, more: Added) -> pa.Table:
    plain = {name: _plain(rows[name]) for name in rows.schema.names}
    return pa.table(plain | _decisions(rows, more) | _recalibrated(rows, more))


def _plain(column: pa.Array) -> pa.Array:
    """Return the column without a dictionary, texts as a spreadsheet shows and does not calculate them."""
    plain = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
    is_text = pa.types.is_string(plain.type) or pa.types.is_large_string(plain.type)
    return pc.replace_substring_regex(plain, FORMULAS, r"'\0") if is_text else plain


def _decisions(rows: pa.RecordBatch, more: Added) -> dict[str, Ints]:
    """Return the label that is predicted, and the one at the saved point where there is one."""
    if len(more.class_names) != 2:
        scores = np.column_stack([predictions_file.numbers(rows[f"score_{name}"]) for name in more.class_names])
        return {"predicted": predicted_classes(scores, None)}
    scores = predictions_file.numbers(rows["score"])
    found = {"predicted": predicted_classes(scores, more.threshold)}
    if more.saved is None or more.saved.threshold is None:
        return found
    odds = more.saved.log_odds
    said = scores >= more.saved.threshold if odds is None else predictions_file.numbers(rows["logit"]) >= odds
    return found | {"predicted_at_saved_point": said.astype(np.int64)}


def _recalibrated(rows: pa.RecordBatch, more: Added) -> dict[str, Floats]:
    """Return the scores of each method, of two classes those of the positive one; none where logits are not kept."""
    binary = len(more.class_names) == 2
    names = ["logit"] if binary else [f"logit_{name}" for name in more.class_names]
    if not set(names) <= set(rows.schema.names):
        return {}
    logits = [predictions_file.numbers(rows[name]) for name in names]
    if binary:
        return {f"recalibrated_{method.name}": recalibrated_scores(logits[0], method) for method in more.methods}
    columns = np.column_stack(logits)
    return {
        f"recalibrated_{method.name}_{name}": scores
        for method in more.methods
        for name, scores in zip(more.class_names, recalibrated_scores(columns, method).T, strict=True)
    }
