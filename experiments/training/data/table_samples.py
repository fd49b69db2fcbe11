"""Show a table: its first rows, and what its columns hold in each class."""

from __future__ import annotations

from itertools import islice

from experiments.training.config import TrainingConfig
from experiments.training.data import feature_survey, feature_tables, parquet, tables
from experiments.training.data.folders import Files
from experiments.training.data.sample_sheets import FeatureSheet, Sheet

ROWS, COLUMNS, CELL_LETTERS = 10, 31, 200  # shown of a table


def rows(files: Files, name: str) -> Sheet:
    """Make a sheet of the first rows of the table as it was written."""
    if name.lower().endswith(".parquet"):
        header = parquet.header(files, name)
        cells = parquet.columns(files, name, header[:COLUMNS])
        total, found = len(cells[0]) if cells else 0, [list(row) for row in islice(zip(*cells, strict=True), ROWS)]
    else:
        header, *found = list(islice(tables.records(files, name), ROWS + 1)) or [[]]
        total = max(0, sum(1 for _ in tables.records(files, name)) - 1)
    return sheet(total, header, found)


def features(files: Files, name: str) -> FeatureSheet:
    """Summarise the table's columns with default options; raises SourceError where they do not fit."""
    config = TrainingConfig(experiment_name="features", source_path=files.name or "data").data
    index = feature_tables.read(files, name, config)
    columns = feature_tables.features(files, name, config, first=feature_survey.MOST_FEATURES)
    return FeatureSheet(
        rows=len(index.samples),
        total=len(feature_tables.feature_names(files, name, config)),
        class_total=len(index.classes),
        classes=index.classes[: feature_survey.MOST_CLASSES],
        features=feature_survey.of_cells(columns, index.labels, index.classes),
    )


def sheet(total: int, header: list[str], found: list[list[str]]) -> Sheet:
    """Cut a table to what is shown; `found` are the first of `total` rows."""
    shown = [[cell[:CELL_LETTERS] for cell in row[:COLUMNS]] for row in found]
    return Sheet(total=total, columns=[name[:CELL_LETTERS] for name in header[:COLUMNS]], rows=shown)
