"""Read the CSV beside the images: its rows with id, target and patient, all text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.splits import SplitName
from experiments.training.data.files import split_names
from experiments.training.data.files.archives import READ_ERRORS
from experiments.training.data.files.folders import Files
from experiments.training.data.tables import columns
from experiments.training.data.tables.columns import Columns

MAX_BYTES = 128 * 2**20
DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; ids stay text: `007` is not `7`."""

    id: str
    target: str
    patient: str
    split: SplitName | None


def read(files: Files, names: list[str], config: DataConfig) -> tuple[str, list[Row]]:
    """Read the one CSV of `names` that has all columns: its name and its rows in file order; raises SourceError."""
    headers = {name: _header(files, name) for name in names}
    name, found = _choose(headers, config)
    rows = list(_rows(files, name, found))
    _check(rows, name, found)
    return name, rows


def _choose(headers: dict[str, list[str]], config: DataConfig) -> tuple[str, Columns]:
    """Choose the table to read; one with the configured names takes precedence over those with aliases."""
    fitting: dict[str, Columns] = {}
    problems = []
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
    text = _text(files, name)
    first_line = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(cells := [cell.strip() for cell in record]):
                yield cells
    except csv.Error as error:
        raise _error(f"{name} is not a readable CSV file ({error}); save it again as CSV.") from error


def _text(files: Files, name: str) -> str:
    if files.sizes[name] > MAX_BYTES:
        raise _error(f"{name} is larger than {MAX_BYTES >> 20} MiB; keep fewer columns, or save it as Parquet.")
    try:
        with files.open(name) as file:
            return file.read(MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _error(f"{name} is not UTF-8 text; save it as 'CSV UTF-8'.") from error
    except READ_ERRORS as error:
        raise _error(f"{name} cannot be read ({error}); check the file or its zip.") from error


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
