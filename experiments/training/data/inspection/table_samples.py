"""Show a table: its first rows, and what its columns hold in each class."""

from __future__ import annotations

from itertools import islice

from experiments.training.contract.config import TrainingConfig
from experiments.training.data.files.folders import Files
from experiments.training.data.inspection import feature_summary
from experiments.training.data.inspection.sample_sheets import FeatureSheet, Sheet
from experiments.training.data.tables import feature_tables
from experiments.training.data.tables.formats import opening

ROWS, COLUMNS, CELL_LETTERS = 10, 31, 200  # shown of a table


def rows(files: Files, name: str) -> Sheet:
    """Make a sheet of the first rows of the table as it was written."""
    table = opening.open_table(files, name)
    shown = [column for column in table.header if column][:COLUMNS]
    cells = [table.first(column, ROWS) for column in shown]
    return sheet(table.rows, shown, [list(row) for row in zip(*cells, strict=True)])


def features(files: Files, name: str) -> FeatureSheet:
    """Summarise the table's columns with default options; raises SourceError where they do not fit."""
    config = TrainingConfig(experiment_name="features", source_path=files.name or "data").data
    index = feature_tables.read(files, name, config)
    read = index.columns.all
    return FeatureSheet(
        rows=len(index.samples),
        total=len(read),
        class_total=len(index.classes),
        classes=index.classes[: feature_summary.MOST_CLASSES],
        features=feature_summary.of_cells(
            dict(islice(read.items(), feature_summary.MOST_FEATURES)), index.labels, index.classes
        ),
    )


def sheet(total: int, header: list[str], found: list[list[str]]) -> Sheet:
    """Cut a table to what is shown; `found` are the first of `total` rows."""
    shown = [[cell[:CELL_LETTERS] for cell in row[:COLUMNS]] for row in found]
    return Sheet(total=total, columns=[name[:CELL_LETTERS] for name in header[:COLUMNS]], rows=shown)
