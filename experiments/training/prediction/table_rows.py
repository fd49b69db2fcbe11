"""Name the rows of a table that a run never saw."""

from __future__ import annotations

from experiments.training.data.tables.formats.frame import Table
from experiments.training.prediction.trained_model import TrainedModel


def row_ids(model: TrainedModel, table: Table) -> list[str]:
    """Name the rows by the column that had the ids in training, where it is there and differs; else by their number."""
    role = next((role.column for role in model.inputs.reading.columns if role.role == "id"), None)
    return unique_ids(table, role)


def unique_ids(table: Table, column: str | None) -> list[str]:
    """Return the cells of a column that differ in all rows; else the rows' numbers from 1, as in a training."""
    texts = table.texts(column) if column is not None and column in table.columns else []
    if texts and len(set(texts)) == table.rows and all(texts):
        return texts
    return [str(number) for number in range(1, table.rows + 1)]
