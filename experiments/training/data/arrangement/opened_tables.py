"""What the layouts need of a table: its header, its first rows, its columns by role, and its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.folders import Files
from experiments.training.data.tables import columns, label_table
from experiments.training.data.tables.columns import Columns
from experiments.training.data.tables.label_table import Row

__all__ = ["Columns", "Row", "cells", "columns_of", "has_default_names", "header", "rows"]


def header(files: Files, name: str) -> list[str]:
    """Read the names of the columns, at least one; raises SourceError."""
    found = label_table.header(files, name)
    if not any(found):
        raise SourceError("source_path", f"{name} is empty; it needs a column of ids and a target column.")
    return found


def columns_of(files: Files, name: str, config: DataConfig) -> Columns:
    """Find the columns of id, target, patient and split; raises SourceError where the table lacks one."""
    return columns.find(name, header(files, name), config)


def has_default_names(files: Files, name: str, config: DataConfig) -> bool:
    """Return whether the table has the configured names themselves, not only aliases."""
    return columns.named_exactly(header(files, name), config)


def cells(files: Files, name: str, *, first: int | None = None) -> Iterator[list[str]]:
    """Yield the cells of each row, or of the `first` so many; raises SourceError."""
    return islice(label_table.records(files, name), 1, None if first is None else first + 1)


def rows(files: Files, name: str, found: Columns) -> Sequence[Row]:
    """Read id, target, patient and split of each row; raises SourceError for a table that says too little."""
    return label_table.read_rows(files, name, found)
