"""Read the table beside the images: its rows with id, target and patient, all text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.splits import SplitName
from experiments.training.data.files import split_names
from experiments.training.data.files.folders import Files
from experiments.training.data.tables import columns
from experiments.training.data.tables.columns import Columns
from experiments.training.data.tables.formats import opening

if TYPE_CHECKING:
    from experiments.training.data.tables.formats.frame import Table

MAX_ID_LETTERS = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; ids stay text: `007` is not `7`."""

    id: str
    target: str
    patient: str
    split: SplitName | None


def read(files: Files, names: list[str], config: DataConfig) -> tuple[str, list[Row]]:
    """Read the one table of `names` that has all columns: its name and its rows in file order; raises SourceError."""
    table, found = _choose(files, names, config)
    rows = _rows(table, found)
    _check(rows, table, found)
    return table.name, rows


def _choose(files: Files, names: Sequence[str], config: DataConfig) -> tuple[Table, Columns]:
    """Choose the table to read; one with the configured names takes precedence over those with aliases."""
    fitting: dict[str, tuple[Table, Columns]] = {}
    problems: list[SourceError] = []
    for name in names:
        try:  # one that cannot be read is something else than the table of labels, if there is another
            table = opening.open_table(files, name)
            fitting[name] = table, _columns(table, config)
        except SourceError as problem:
            problems.append(problem)
    exact = [name for name, (table, _) in fitting.items() if columns.named_exactly(table.columns, config)]
    candidates = exact or list(fitting)
    if not candidates:
        raise problems[0]
    if len(candidates) > 1:
        raise _error(f"Several CSV files have an id and a target column: {some(candidates)}; keep one.")
    return fitting[candidates[0]]


def _columns(table: Table, config: DataConfig) -> Columns:
    if not table.header:
        raise _error(f"{table.name} is empty; it needs the columns {config.id_column!r} and {config.target_column!r}.")
    return columns.find(table.name, table.columns, config)


def _rows(table: Table, found: Columns) -> list[Row]:
    ids, targets, patients = (table.texts(column) for column in (found.id, found.target, found.patient))
    require_short(table, found.id, ids)
    require_short(table, found.patient, patients)
    splits = splits_of(table, found.split) if found.split else [None] * len(ids)
    return [Row(*row) for row in zip(ids, targets, patients, splits, strict=True)]


def _check(rows: list[Row], table: Table, found: Columns) -> None:
    if not rows:
        raise _error(f"{table.name} has a header but no rows; add one row per image.")
    for field in ("id", "target", "patient"):
        require_filled(table, getattr(found, field), [getattr(row, field) for row in rows])


def require_filled(table: Table, column: str, cells: Sequence[str]) -> None:
    """Raise SourceError if cells of the column are blank."""
    blank = [place for place, cell in enumerate(cells) if not cell]
    if blank:
        raise _error(
            f"{table.name} has {len(blank)} rows without {column!r}, e.g. data row {table.number_of(blank[0])}; "
            "fill or drop them."
        )


def require_short(table: Table, column: str, cells: Sequence[str]) -> None:
    """Raise SourceError if cells of the column, which are ids, are no ids but long texts."""
    place = next((place for place, cell in enumerate(cells) if len(cell) > MAX_ID_LETTERS), None)
    if place is not None:
        raise _error(
            f"{table.name}, data row {table.number_of(place)} has {len(cells[place]):,} characters in {column!r}, and "
            f"an id has at most {MAX_ID_LETTERS}; name another column, or close the quote that it begins with."
        )


def splits_of(table: Table, column: str) -> list[SplitName]:
    """Return the splits that the column gives; raises SourceError that says where a cell is none."""
    cells = table.texts(column)
    split_of = {cell: split_names.named(cell) for cell in set(cells)}
    splits = [split for cell in cells if (split := split_of[cell])]
    if len(splits) < len(cells):
        place, cell = next((place, cell) for place, cell in enumerate(cells) if not split_of[cell])
        raise SourceError(
            "data.split_column",
            f"{table.name}, data row {table.number_of(place)}: {cell[:MAX_ID_LETTERS]!r} is not a split; write one of "
            f"{split_names.ACCEPTED}, or set this option to null.",
        )
    return splits


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
