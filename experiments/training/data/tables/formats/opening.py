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
    # The web process imports this module, and loads Arrow only when a request names a table.
    if is_parquet(name):
        from experiments.training.data.tables.formats import parquet  # noqa: PLC0415

        return parquet.ParquetTable(files, name)
    from experiments.training.data.tables.formats import csv_files  # noqa: PLC0415

    return csv_files.CsvTable(files, name)
