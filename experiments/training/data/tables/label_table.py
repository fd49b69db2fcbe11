"""Read the table beside the images: its rows with id, target and patient, all text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from typing import TYPE_CHECKING

from experiments.training.contract.reading import Layout, Reading, Usage
from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.source_forms import TABLES
from experiments.training.contract.splits import SplitName
from experiments.training.data.columns import table_view
from experiments.training.data.columns.column_roles import Columns
from experiments.training.data.columns.table_view import TableView
from experiments.training.data.files import image_names, split_names
from experiments.training.data.files.folders import Files
from experiments.training.data.labels import missing_labels, spellings
from experiments.training.data.tables import subgroup_cells

if TYPE_CHECKING:
    from experiments.training.data.tables.formats.frame import Table

MAX_ID_LETTERS = 500


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; ids stay text: `007` is not `7`. `patient` is None where the table names none.

    `cells` are those in the columns of subgroups.
    """

    id: str
    target: str
    patient: str | None
    split: SplitName | None
    cells: tuple[str, ...] = ()


def read_rows(table: Table, found: Columns, subgroups: Sequence[str] = ()) -> list[Row]:
    """Read the rows in file order, with their cells in the columns of subgroups.

    Raises SourceError for no rows, and for cells that say nothing.
    """
    if not table.rows:
        raise _error(f"{table.name} has a header but no rows; add one row per image.")
    ids, targets = table.texts(found.id or ""), table.texts(found.target)
    patients: Sequence[str | None] = table.texts(found.patient) if found.patient else [None] * len(ids)
    require_short(table, found.id or "", ids)
    refuse_gaps(table, found.id, ids, missing=("",))
    if found.patient:
        named = [patient or "" for patient in patients]
        require_short(table, found.patient, named)
        refuse_gaps(table, found.patient, named)
    splits = splits_of(table, found.split) if found.split else [None] * len(ids)
    told_apart = subgroup_cells.read(table, subgroups, (found.id, found.target, found.patient, found.split))
    cells = zip(*told_apart, strict=True) if told_apart else repeat((), len(ids))
    return [Row(*row) for row in zip(ids, targets, patients, splits, cells, strict=True)]


def view_of(table: Table) -> TableView:
    """Look at a table: its header and first rows now, more of it when asked; raises SourceError."""
    return TableView(
        table.name, table.columns, first=lambda column: table.first(column, table_view.FIRST), whole=table.texts
    )


def naming_images(files: Files) -> Callable[[Sequence[str]], bool]:
    """Return what says whether at least half of some cells name images that are there, with or without folders."""

    @cache
    def stems() -> frozenset[str]:
        return frozenset(_stem(name) for name in files.sizes if image_names.suffix(name) not in TABLES)

    def name_images(cells: Sequence[str]) -> bool:
        known = [cell for cell in cells if cell]
        return bool(known) and 2 * sum(_stem(cell) in stems() for cell in known) >= len(known)

    return name_images


def _stem(path: str) -> str:
    """Return what is left of a name without folders, extension, case and leading zeros."""
    name = path.replace("\\", "/").rpartition("/")[2]
    return name[: len(name) - len(image_names.suffix(name))].casefold().lstrip("0")


def reading(found: Columns, name: str, rows: Usage, layout: Layout = "table") -> Reading:
    """Describe how the table was read: its columns, and the rows used and left out."""
    return Reading(
        layout=layout,
        table=name,
        columns=list(found.roles),
        header=list(found.header),
        rows=rows,
        questions=list(found.questions),
        findings=list(found.findings),
    )


def refuse_gaps(table: Table, column: str | None, cells: Sequence[str], missing: Sequence[str] | None = None) -> None:
    """Raise SourceError if the column, where there is one, has cells that are blank or spell a missing value."""
    if column is None:
        return
    absent = {cell for cell in set(cells) if (cell in missing if missing else is_missing(cell))}
    if not absent:
        return
    empty = [place for place, cell in enumerate(cells) if cell in absent]
    cure = "" if missing else " To train as if no patients were known, set data.patients to each_sample."
    raise _error(
        f"{table.name} has {len(empty)} rows without {column!r}, e.g. data row {table.number_of(empty[0])}; fill or "
        f"drop them.{cure}"
    )


def is_missing(cell: str) -> bool:
    """Return whether a cell holds no value, however that is spelled."""
    return missing_labels.is_missing(spellings.key(spellings.clean(cell)))


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
