"""Open a table of either format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.training.data.files.folders import Files

if TYPE_CHECKING:
    from experiments.training.data.tables.formats.frame import Table


def is_parquet(name: str) -> bool:
    """Return whether a file of this name is a Parquet table."""
    return name.lower().endswith(".parquet")


def open_table(files: Files, name: str) -> Table:
    """Open the table and read its columns' names; raises SourceError."""
    # A process loads Arrow with the first table that it reads.
    from experiments.training.data.tables.formats import csv_files, parquet  # noqa: PLC0415

    return parquet.ParquetTable(files, name) if is_parquet(name) else csv_files.CsvTable(files, name)
