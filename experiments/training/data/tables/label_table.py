"""Read the CSV beside the images: its rows with id, target and patient, all text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from typing import TextIO

from experiments.training.contract.reading import Layout, Reading, Usage
from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.splits import SplitName
from experiments.training.data.columns import table_view
from experiments.training.data.columns.column_roles import Columns
from experiments.training.data.columns.table_view import TableView
from experiments.training.data.files import image_names, split_names
from experiments.training.data.files.archives import READ_ERRORS
from experiments.training.data.files.folders import Files
from experiments.training.data.labels import missing_labels, spellings
from experiments.training.data.tables.columns import MAX_COLUMNS, TooManyColumns

MAX_BYTES = 128 * 2**20
DELIMITERS = ",;\t"
_QUOTED = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; ids stay text: `007` is not `7`. `patient` is None where the table names none."""

    id: str
    target: str
    patient: str | None
    split: SplitName | None


def read_rows(files: Files, name: str, found: Columns) -> list[Row]:
    """Read the rows in file order; raises SourceError for none, and for ids and patients that are missing."""
    rows = list(_rows(files, name, found))
    _check(rows, name, found)
    return rows


def view(files: Files, name: str) -> TableView:
    """Look at a CSV: its header and first rows now, more of it when asked; raises SourceError."""
    header, *first = list(islice(records(files, name), table_view.FIRST + 1)) or [[]]

    def whole(column: str) -> list[str]:
        at = header.index(column)
        return [_cell(record, at) for record in islice(records(files, name), 1, None)]

    def cells(column: str) -> list[str]:
        at = header.index(column)
        return [_cell(record, at) for record in first]

    return TableView(name, header, cells, whole)


def naming_images(files: Files) -> Callable[[Sequence[str]], bool]:
    """Return what says whether at least half of some cells name images that are there, with or without folders."""

    @cache
    def stems() -> frozenset[str]:
        return frozenset(_stem(name) for name in files.sizes if image_names.suffix(name) != ".csv")

    def name_images(cells: Sequence[str]) -> bool:
        known = [cell for cell in cells if cell]
        return bool(known) and 2 * sum(_stem(cell) in stems() for cell in known) >= len(known)

    return name_images


def _stem(path: str) -> str:
    """Return what is left of a name without folders, extension, case and leading zeros."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return name[: len(name) - len(image_names.suffix(name))].casefold().lstrip("0")


def _check(rows: list[Row], name: str, found: Columns) -> None:
    if not rows:
        raise _error(f"{name} has a header but no rows; add one row per image.")
    refuse_gaps(name, found.id, [row.id for row in rows], missing=("",))
    refuse_gaps(name, found.patient, [row.patient or "" for row in rows])


def reading(found: Columns, name: str, rows: Usage, layout: Layout = "table") -> Reading:
    """Describe how the table was read: its columns, and the rows used and left out."""
    return Reading(
        layout=layout,
        table=name,
        columns=list(found.roles),
        rows=rows,
        questions=list(found.questions),
        findings=list(found.findings),
    )


def refuse_gaps(name: str, column: str | None, cells: Sequence[str], missing: Sequence[str] | None = None) -> None:
    """Raise SourceError if the column, where there is one, has cells that are blank or spell a missing value."""
    if column is None:
        return
    absent = {cell for cell in set(cells) if (cell in missing if missing else is_missing(cell))}
    if not absent:
        return
    empty = [number for number, cell in enumerate(cells, start=1) if cell in absent]
    cure = "" if missing else " To train as if no patients were known, set data.patients to each_sample."
    raise _error(f"{name} has {len(empty)} rows without {column!r}, e.g. data row {empty[0]}; fill or drop them.{cure}")


def is_missing(cell: str) -> bool:
    """Return whether a cell holds no value, however that is spelled."""
    return missing_labels.is_missing(spellings.key(spellings.clean(cell)))


def _rows(files: Files, name: str, found: Columns) -> Iterator[Row]:
    found_records = records(files, name)
    header = next(found_records)
    at_id, at_target = header.index(found.id or ""), header.index(found.target)
    at_patient = header.index(found.patient) if found.patient else None
    at_split = header.index(found.split) if found.split else None
    for number, record in enumerate(found_records, start=1):
        patient = None if at_patient is None else _cell(record, at_patient)
        split = None if at_split is None else split_in(_cell(record, at_split), f"{name}, data row {number}")
        yield Row(_cell(record, at_id), _cell(record, at_target), patient, split)


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
