"""Read Parquet tables as text, cell by cell, as CSV tables are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import MAX_SAMPLES
from experiments.training.data.tables.columns import MAX_COLUMNS, TooManyColumns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")
MAX_CELLS = 50_000_000


def header(files: Files, name: str) -> list[str]:
    """Read the columns' names; raises SourceError."""
    with _opened(files, name) as table:
        return list(table.schema_arrow.names)


def require_fitting(files: Files, name: str, count: int) -> None:
    """Raise SourceError for a table of which so many columns cannot be read; reads none of them."""
    with _opened(files, name) as table:
        _require_fitting(name, table.metadata.num_rows, count)


def most_rows(columns: int) -> int:
    """Return how many rows of a table are read of which so many columns are needed."""
    return min(MAX_SAMPLES, MAX_CELLS // max(1, columns))


def columns(files: Files, name: str, wanted: Sequence[str]) -> list[list[str]]:
    """Read the cells of the wanted columns; blank where there is no value, `1` and `0` for true and false.

    Raises SourceError for a table that is too large or broken.
    """
    return _read(files, name, wanted, _texts)


def features(files: Files, name: str, wanted: Sequence[str]) -> list[list[str] | NDArray[np.float64]]:
    """Read the cells of the wanted columns as `columns` does, but numbers as float64, NaN where there is none.

    To write each number of a wide table as text and read it again takes a minute.
    """
    return _read(files, name, wanted, _cells)


def _read(files: Files, name: str, wanted: Sequence[str], convert: Callable[[Any], T]) -> list[T]:
    with _opened(files, name) as table:
        _require_fitting(name, table.metadata.num_rows, len(wanted))
        read = table.read(columns=list(wanted), use_threads=False)
        return [convert(read.column(column)) for column in wanted]


def _require_fitting(name: str, rows: int, count: int) -> None:
    if rows <= (most := most_rows(count)):
        return
    if most == MAX_SAMPLES:
        raise _error(f"{name} has more than {most:,} rows ({rows:,}); keep so many.")
    columns = f", or {MAX_CELLS // rows:,} columns to learn from" if rows <= MAX_SAMPLES else ""
    raise _error(
        f"{name} has more than {MAX_CELLS:,} cells: {rows:,} rows of {count:,} columns. Keep at most {most:,} "
        f"rows{columns}."
    )


def _cells(column: Any) -> list[str] | NDArray[np.float64]:
    from pyarrow import types  # noqa: PLC0415  # as in `_opened`

    if types.is_floating(column.type) or types.is_integer(column.type):
        numbers: NDArray[np.float64] = column.cast("float64", safe=False).to_numpy()
        return numbers
    return _texts(column)


def _texts(column: Any) -> list[str]:
    return [_text(value) for value in column.to_pylist()]


@contextmanager
def _opened(files: Files, name: str) -> Iterator[Any]:
    from pyarrow import parquet  # noqa: PLC0415  # the web process loads it only when a request names such a table

    try:
        with files.open(name) as file, parquet.ParquetFile(file) as table:
            if table.metadata.num_columns > MAX_COLUMNS:
                raise TooManyColumns(name, table.metadata.num_columns)
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
