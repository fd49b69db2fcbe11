"""Read Parquet tables as text, cell by cell, as CSV tables are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import MAX_SAMPLES

MAX_CELLS = 50_000_000


def header(files: Files, name: str) -> list[str]:
    """Read the columns' names; raises SourceError."""
    with _opened(files, name) as table:
        return list(table.schema_arrow.names)


def columns(files: Files, name: str, wanted: Sequence[str]) -> list[list[str]]:
    """Read the cells of the wanted columns; blank where there is no value, `1` and `0` for true and false.

    Raises SourceError for a table that is too large or broken.
    """
    with _opened(files, name) as table:
        rows = table.metadata.num_rows
        if rows > MAX_SAMPLES or rows * len(wanted) > MAX_CELLS:
            raise _error(f"{name} has more than {MAX_SAMPLES:,} rows or {MAX_CELLS:,} cells; keep fewer.")
        read = table.read(columns=list(wanted), use_threads=False)
        return [[_text(value) for value in read.column(column).to_pylist()] for column in wanted]


@contextmanager
def _opened(files: Files, name: str) -> Iterator[Any]:
    from pyarrow import parquet  # noqa: PLC0415  # the web process loads it only when a request names such a table

    try:
        with files.open(name) as file, parquet.ParquetFile(file) as table:
            yield table
    except SourceError:
        raise
    except Exception as error:  # Arrow raises nearly anything on damaged files
        raise _error(f"{name} is not a readable Parquet file ({error}); save it again.") from error


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value).strip()


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
