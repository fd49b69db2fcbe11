"""Read the CSV beside the images: its rows with id, target and patient, all text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TextIO

from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.splits import SplitName
from experiments.training.data.files import split_names
from experiments.training.data.files.archives import READ_ERRORS
from experiments.training.data.files.folders import Files
from experiments.training.data.tables.columns import MAX_COLUMNS, Columns, TooManyColumns

MAX_BYTES = 128 * 2**20
DELIMITERS = ",;\t"
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; ids stay text: `007` is not `7`."""

    id: str
    target: str
    patient: str
    split: SplitName | None


def read_rows(files: Files, name: str, found: Columns) -> list[Row]:
    """Read the rows in file order; raises SourceError for none, and for cells that say nothing."""
    rows = list(_rows(files, name, found))
    _check(rows, name, found)
    return rows


def _check(rows: list[Row], name: str, found: Columns) -> None:
    if not rows:
        raise _error(f"{name} has a header but no rows; add one row per image.")
    for field in ("id", "target", "patient"):
        empty = [number for number, row in enumerate(rows, start=1) if not getattr(row, field)]
        if empty:
            column = getattr(found, field)
            raise _error(
                f"{name} has {len(empty)} rows without {column!r}, e.g. data row {empty[0]}; fill or drop them."
            )


def header(files: Files, name: str) -> list[str]:
    """Read the names of the columns; none where the table is empty."""
    return next(records(files, name), [])


def _rows(files: Files, name: str, found: Columns) -> Iterator[Row]:
    found_records = records(files, name)
    names = next(found_records)
    at = [names.index(column) for column in (found.id, found.target, found.patient)]
    at_split = names.index(found.split) if found.split else None
    for number, record in enumerate(found_records, start=1):
        id_, target, patient = (_cell(record, i) for i in at)
        split = None if at_split is None else split_in(_cell(record, at_split), f"{name}, data row {number}")
        yield Row(id_, target, patient, split)


def _cell(record: list[str], at: int) -> str:
    return record[at] if at < len(record) else ""


def split_in(cell: str, place: str) -> SplitName:
    """Return the split that a cell names; raises SourceError that says where the cell is."""
    split = split_names.named(cell)
    if split is None:
        raise SourceError(
            "data.split_column",
            f"{place}: {cell!r} is not a split; write one of {split_names.ACCEPTED}, or set this option to null.",
        )
    return split


def records(files: Files, name: str) -> Iterator[list[str]]:
    """Yield the non-blank records, cells stripped; raises SourceError."""
    if files.sizes[name] > MAX_BYTES:
        raise _error(f"{name} is larger than {MAX_BYTES >> 20} MiB; keep fewer columns, or save it as Parquet.")
    try:
        with files.open(name) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            yield from _records(text, name)
    except csv.Error as error:
        raise _error(f"{name} is not a readable CSV file ({error}); save it again as CSV.") from error
    except UnicodeDecodeError as error:
        raise _error(f"{name} is not UTF-8 text; save it as 'CSV UTF-8'.") from error
    except READ_ERRORS as error:
        raise _error(f"{name} cannot be read ({error}); check the file or its zip.") from error


def _records(text: TextIO, name: str) -> Iterator[list[str]]:
    first_line = text.readline()
    delimiter = max(DELIMITERS, key=first_line.count)
    lines = _Lines(chain([first_line], text), delimiter, name)
    for record in csv.reader(lines, delimiter=delimiter):
        lines.delimiters = 0
        if any(cells := [cell.strip() for cell in record]):
            yield cells


class _Lines:
    """The lines of a table; one with too many cells is refused before it is split into them."""

    def __init__(self, lines: Iterable[str], delimiter: str, name: str) -> None:
        self._lines, self._delimiter, self._name = iter(lines), delimiter, name
        self.delimiters = 0  # in the lines since this was set to 0: a record may have several

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        found = line.count(self._delimiter)
        if self.delimiters + found >= MAX_COLUMNS:
            found = _QUOTED.sub("", line).count(self._delimiter)
        self.delimiters += found
        if self.delimiters >= MAX_COLUMNS:
            raise TooManyColumns(self._name, self.delimiters + 1)
        return line


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
