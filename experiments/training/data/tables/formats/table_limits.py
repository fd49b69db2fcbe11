"""How large a table may be. Pure."""

from __future__ import annotations

from experiments.training.contract.source_errors import SourceError

MAX_COLUMNS = 65_536
"""Enough for every gene of a human; a report of them takes seconds."""
MAX_ROWS = 10_000_000
MAX_CELLS = 500_000_000  # of the columns that are read; as numbers they take 4 GB
MAX_CSV_BYTES = 2**30


class TooManyColumns(SourceError):
    """A table that is wider than any that can be trained on."""

    def __init__(self, table: str, count: int) -> None:
        super().__init__(
            "source_path",
            f"{table} has {count:,} columns, and at most {MAX_COLUMNS:,} can be read; leave out those that are not "
            "needed, for example the ones that hardly vary.",
        )


def most_rows(columns: int) -> int:
    """Return how many rows can be read of a table of which so many columns are needed."""
    return min(MAX_ROWS, MAX_CELLS // max(1, columns))


def require_fitting(name: str, rows: int, columns: int) -> None:
    """Raise SourceError for a table with too many rows or cells to be held in memory."""
    if rows <= (most := most_rows(columns)):
        return
    if most == MAX_ROWS:
        raise _error(f"{name} has more than {most:,} rows ({rows:,}); keep so many.")
    fewer = f", or {MAX_CELLS // rows:,} columns to learn from" if rows <= MAX_ROWS else ""
    raise _error(
        f"{name} has more than {MAX_CELLS:,} cells: {rows:,} rows of {columns:,} columns. Keep at most {most:,} "
        f"rows{fewer}."
    )


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
