"""Show a table: its first rows, and what its columns hold in each class."""

from __future__ import annotations

from itertools import islice

from experiments.training.contract.config import TrainingConfig
from experiments.training.data.files.folders import Files
from experiments.training.data.inspection import feature_summary
from experiments.training.data.inspection.sample_sheets import FeatureSheet, Sheet
from experiments.training.data.tables import feature_tables, label_table, parquet

ROWS, COLUMNS, CELL_LETTERS = 10, 31, 200  # shown of a table


def rows(files: Files, name: str) -> Sheet:
    """Make a sheet of the first rows of the table as it was written."""
    if name.lower().endswith(".parquet"):
        header = parquet.header(files, name)
        cells = parquet.columns(files, name, header[:COLUMNS])
        total, found = len(cells[0]) if cells else 0, [list(row) for row in islice(zip(*cells, strict=True), ROWS)]
    else:
        header, *found = list(islice(label_table.records(files, name), ROWS + 1)) or [[]]
        total = max(0, sum(1 for _ in label_table.records(files, name)) - 1)
    return sheet(total, header, found)


def features(files: Files, name: str) -> FeatureSheet:
    """Summarise the table's columns with default options; raises SourceError where they do not fit."""
    config = TrainingConfig(experiment_name="features", source_path=files.name or "data").data
    index = feature_tables.read(files, name, config)
    columns = feature_tables.features(files, name, config, first=feature_summary.MOST_FEATURES)
    return FeatureSheet(
        rows=len(index.samples),
        total=len(feature_tables.feature_names(files, name, config)),
        class_total=len(index.classes),
        classes=index.classes[: feature_summary.MOST_CLASSES],
        features=feature_summary.of_cells(
            {name: feature_tables.of_samples(cells, index) for name, cells in columns.items()},
            index.labels,
            index.classes,
        ),
    )


def sheet(total: int, header: list[str], found: list[list[str]]) -> Sheet:
    """Cut a table to what is shown; `found` are the first of `total` rows."""
    shown = [[cell[:CELL_LETTERS] for cell in row[:COLUMNS]] for row in found]
    return Sheet(total=total, columns=[name[:CELL_LETTERS] for name in header[:COLUMNS]], rows=shown)
