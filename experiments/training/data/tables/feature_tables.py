"""CSV, TSV and Parquet tables that are the data themselves: one row per sample, each further column a feature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Unused, Usage
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.source_forms import TABLES
from experiments.training.data.columns import column_roles
from experiments.training.data.columns.column_roles import Columns
from experiments.training.data.files import image_names
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import Index, SampleColumns
from experiments.training.data.images.dicom_headers import is_dicom
from experiments.training.data.labels import labelling
from experiments.training.data.subgroups import subgroup_reading
from experiments.training.data.subgroups.subgroup_reading import Subgroups
from experiments.training.data.tables import label_table, subgroup_cells
from experiments.training.data.tables.formats import opening

if TYPE_CHECKING:
    from experiments.training.data.tables.formats.frame import Table

Cell = TypeVar("Cell")
LOOKED_AT = 20
SHOWN, LETTERS = 200, 200  # features that a reading names, and how much of each name


def find(files: Files, wanted: str | None = None) -> str | None:
    """Find the one table among files without images; None where there are images or no table.

    Raises SourceError for several tables of which none is the `wanted` one.
    """
    found = [name for name in files.sizes if image_names.suffix(name) in TABLES]
    if not found:
        return None
    suffixes = {name: image_names.suffix(name) for name in files.sizes}
    if image_names.EXTENSIONS & set(suffixes.values()) or _has_dicom(files, suffixes):
        return None
    if wanted in found:
        return wanted
    if wanted or len(found) > 1:
        raise SourceError(
            "data.table",
            f"There are no images, and {'several tables' if len(found) > 1 else 'this table'}: {some(found, 10)}; name "
            "one of them here.",
        )
    return found[0]


def _has_dicom(files: Files, suffixes: Mapping[str, str]) -> bool:
    """Return whether, by the first few files, there are scans without an extension."""
    others = (name for name, suffix in suffixes.items() if suffix not in TABLES)
    return any(is_dicom(files, name) for name in islice(others, LOOKED_AT))


def read(files: Files, name: str, config: DataConfig) -> Index:
    """Read the table's samples in row order, and its columns; raises SourceError.

    A row's id is its number where no column has unique ids.
    """
    table = opening.open_table(files, name)
    if not table.header:
        raise _error(f"{name} is empty; it needs a target column and columns to learn from.")
    found = column_roles.find_in_rows(label_table.view_of(table), config)
    if not table.rows:
        raise _error(f"{name} has a header but no rows; add one row per sample.")
    cells = {column: table.texts(column) for column in _read(found)}
    if found.id:
        label_table.refuse_gaps(table, found.id, cells[found.id], missing=("",))
    if found.patient:
        label_table.refuse_gaps(table, found.patient, cells[found.patient])
    return _index(table, found, cells, config)


def _index(table: Table, found: Columns, cells: Mapping[str, list[str]], config: DataConfig) -> Index:
    """Index the rows that have a label."""
    # Whatever reads no table needs no NumPy either.
    from experiments.training.data.tables import feature_columns  # noqa: PLC0415

    targets = cells[found.target]
    labels = labelling.read(Counter(targets), config, f"column {found.target!r} of {table.name}")
    found_labels = list(map(labels.label_of.__getitem__, targets))
    rows = [row for row, label in enumerate(found_labels) if label is not None] if labels.left_out else None
    numbers = [label for label in found_labels if label is not None]
    ids, patients = _identities(table, found, cells, config)
    splits = label_table.splits_of(table, found.split) if found.split else None
    samples = SampleColumns(
        _of_rows(ids, rows), _of_rows(patients, rows), numbers, None if splits is None else _of_rows(splits, rows)
    )
    others = feature_columns.read(table, found.unlearned, config, numbers, rows)
    left_out = labels.unused((target, f"row {row}") for row, target in enumerate(targets, start=1))
    blank = [Unused(kind="blank", what="rows without a value", count=table.blank_rows, examples=[])]
    unused = [*left_out, *(blank if table.blank_rows else [])]
    usage = Usage(total=table.rows + table.blank_rows, used=len(numbers), unused=unused)
    subgroups = _subgroups(table, found, rows, config, others.learned)
    reading = labels.described(label_table.reading(found, table.name, usage, layout="rows")).extended(
        why=f"Each row of {table.name} is a sample; it is {table.form}.",
        features=[column[:LETTERS] for column in islice(others.learned, SHOWN)],
        feature_count=len(others.learned),
        questions=others.questions,
        findings=[*table.findings, *others.findings, *subgroups.findings],
        subgroups=subgroups.facts,
    )
    return Index(labels.classes, samples, reading, others, subgroups.values)


def _subgroups(
    table: Table, found: Columns, rows: Sequence[int] | None, config: DataConfig, learned: Collection[str]
) -> Subgroups:
    """Group the rows by the columns that the request names; raises SourceError."""
    folders = "The samples are rows of a table and lie in no folders; name columns in data.subgroup_columns."
    subgroup_reading.refuse(config, None, folders)
    wanted = config.subgroup_columns
    cells = subgroup_cells.read(table, wanted, (found.id, found.target, found.patient, found.split))
    columns = {column: _of_rows(each, rows) for column, each in zip(wanted, cells, strict=True)}
    return subgroup_reading.grouped(columns, config, learned=learned)


def _of_rows(cells: Sequence[Cell], rows: Sequence[int] | None) -> Sequence[Cell]:
    """Return the cells of these rows, None for all: of millions of rows no list is copied without need."""
    return cells if rows is None else [cells[row] for row in rows]


def _identities(
    table: Table, found: Columns, cells: Mapping[str, list[str]], config: DataConfig
) -> tuple[Sequence[str], Sequence[str | None]]:
    """Return ids and patients of the rows; an id shared by several rows is a patient's, kept in one split."""
    numbers = list(map(str, range(1, table.rows + 1)))
    ids = cells[found.id] if found.id else numbers
    for column in (found.id, found.patient):
        if column:
            label_table.require_short(table, column, cells[column])
    repeated = [id_ for id_, times in Counter(ids).items() if times > 1] if found.id else []
    if repeated and found.patient not in (None, found.id):
        raise _error(
            f"{table.name} has several rows for {len(repeated)} of its ids: {some(repeated)}; make them unique."
        )
    patients: Sequence[str | None] = [None] * table.rows
    if found.patient or (repeated and config.patients == "auto"):
        patients = cells[found.patient] if found.patient else ids
    return numbers if repeated else ids, patients


def _read(found: Columns) -> list[str]:
    """List the columns that are read to know the samples, each once."""
    asked = (found.id, found.target, found.patient, found.split)
    return list(dict.fromkeys(column for column in asked if column))


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
