"""Read the CSV beside the images: its rows with id, target and patient, all text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TextIO

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.splits import SplitName
from experiments.training.data.files import split_names
from experiments.training.data.files.archives import READ_ERRORS
from experiments.training.data.files.folders import Files
from experiments.training.data.tables import columns
from experiments.training.data.tables.columns import MAX_COLUMNS, Columns, TooManyColumns
from experiments.training.data.tables.parquet import most_rows

MAX_BYTES = 128 * 2**20
START_BYTES = 2**20  # of a larger one: they show about how many rows it has
DELIMITERS = ",;\t"
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; ids stay text: `007` is not `7`."""

    id: str
    target: str
    patient: str
    split: SplitName | None


def read(files: Files, names: list[str], config: DataConfig) -> tuple[str, list[Row]]:
    """Read the one CSV of `names` that has all columns: its name and its rows in file order; raises SourceError."""
    headers: dict[str, list[str]] = {}
    too_wide: list[SourceError] = []
    for name in names:
        try:
            headers[name] = _header(files, name)
        except TooManyColumns as problem:  # it is something else than the table of labels, if there is another
            too_wide.append(problem)
    name, found = _choose(headers, config, too_wide)
    rows = list(_rows(files, name, found))
    _check(rows, name, found)
    return name, rows


def _choose(headers: dict[str, list[str]], config: DataConfig, too_wide: Sequence[SourceError]) -> tuple[str, Columns]:
    """Choose the table to read; one with the configured names takes precedence over those with aliases."""
    fitting: dict[str, Columns] = {}
    problems = [*too_wide]
    for name, header in headers.items():
        try:
            fitting[name] = _columns(name, header, config)
        except SourceError as problem:
            problems.append(problem)
    exact = [name for name in fitting if columns.named_exactly(headers[name], config)]
    candidates = exact or list(fitting)
    if not candidates:
        raise problems[0]
    if len(candidates) > 1:
        raise _error(f"Several CSV files have an id and a target column: {some(candidates)}; keep one.")
    return candidates[0], fitting[candidates[0]]


def _columns(name: str, header: list[str], config: DataConfig) -> Columns:
    if not any(header):
        raise _error(f"{name} is empty; it needs the columns {config.id_column!r} and {config.target_column!r}.")
    return columns.find(name, header, config)


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


def _header(files: Files, name: str) -> list[str]:
    return next(records(files, name), [])


def _rows(files: Files, name: str, found: Columns) -> Iterator[Row]:
    found_records = records(files, name)
    header = next(found_records)
    at = [header.index(column) for column in (found.id, found.target, found.patient)]
    at_split = header.index(found.split) if found.split else None
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
        raise _too_large(files, name)
    try:
        with files.open(name) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            yield from _records(text, name)
    except csv.Error as error:
        raise _error(f"{name} is not a readable CSV file ({error}); save it again as CSV.") from error
    except UnicodeDecodeError as error:
        raise _error(f"{name} is not UTF-8 text; save it as 'CSV UTF-8'.") from error
    except READ_ERRORS as error:
        raise _error(f"{name} cannot be read ({error}); check the file or its zip.") from error


def _too_large(files: Files, name: str) -> SourceError:
    """Return the error of a large CSV; its advice suits the number of rows, so far as the first ones show it."""
    try:
        with files.open(name) as file:
            start = file.read(START_BYTES)
    except READ_ERRORS as error:
        return _error(f"{name} cannot be read ({error}); check the file or its zip.")
    columns = max(start.partition(b"\n")[0].count(delimiter.encode()) for delimiter in DELIMITERS) + 1
    rows = files.sizes[name] * start.count(b"\n") // max(1, len(start))
    most = most_rows(columns)
    larger = f"{name} is larger than {MAX_BYTES >> 20} MiB"
    if rows <= most:
        return _error(f"{larger}; save it as Parquet, of which {most:,} rows of {columns:,} columns can be read.")
    return _error(
        f"{larger} and has about {rows:,} rows, and of {columns:,} columns at most {most:,} rows can be read: keep so "
        "many, and save them as Parquet."
    )


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
