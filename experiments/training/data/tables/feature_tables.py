"""CSV and Parquet tables that are the data themselves: one row per sample, each further column a feature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Reading, Unused, Usage
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.source_forms import TABLES
from experiments.training.data.files import image_names, labels
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import Index, SampleColumns
from experiments.training.data.images.dicom_headers import is_dicom
from experiments.training.data.tables import columns, label_table
from experiments.training.data.tables.columns import RowColumns
from experiments.training.data.tables.formats import opening

if TYPE_CHECKING:
    from experiments.training.data.tables.feature_columns import FeatureColumns
    from experiments.training.data.tables.formats.frame import Table

LOOKED_AT = 20
SHOWN, LETTERS = 200, 200  # features that a reading names, and how much of each name


def find(files: Files) -> str | None:
    """Find the one table among files without images; None where there are images or no table.

    Raises SourceError for several tables.
    """
    suffixes = {name: image_names.suffix(name) for name in files.sizes}
    found = [name for name, suffix in suffixes.items() if suffix in TABLES]
    if not found or image_names.EXTENSIONS & set(suffixes.values()) or _has_dicom(files, suffixes):
        return None
    if len(found) > 1:
        raise _error(f"There are no images, but several tables: {some(found)}; name one of them in source_path.")
    return found[0]


def _has_dicom(files: Files, suffixes: Mapping[str, str]) -> bool:
    """Return whether, by the first few files, there are scans without an extension."""
    others = (name for name, suffix in suffixes.items() if suffix not in TABLES)
    return any(is_dicom(files, name) for name in islice(others, LOOKED_AT))


def read(files: Files, name: str, config: DataConfig) -> Index:
    """Read the table's samples in row order, and its columns; raises SourceError.

    A row's id is its number where no column has unique ids.
    """
    # A process loads NumPy with the first table that it reads.
    from experiments.training.data.tables import feature_columns  # noqa: PLC0415

    table = opening.open_table(files, name)
    if not table.header:
        raise _error(f"{name} is empty; it needs a target column and columns to learn from.")
    found = columns.find_in_rows(name, table.columns, config)
    if not table.rows:
        raise _error(f"{name} has a header but no rows; add one row per sample.")
    cells = {column: table.texts(column) for column in _named(found)}
    for column in _named(found):
        label_table.require_filled(table, column, cells[column])
    ids, patients = _identities(table, found, cells)
    classes, label_of = labels.number(cells[found.target])
    targets = [label_of[target] for target in cells[found.target]]
    splits = label_table.splits_of(table, found.split) if found.split else None
    others = feature_columns.read(table, _named(found), config, targets)
    return Index(classes, SampleColumns(ids, patients, targets, splits), _reading(table, others), others)


def _reading(table: Table, others: FeatureColumns) -> Reading:
    """Say how the table was read, as far as its columns and rows go."""
    blank = [Unused(kind="blank", what="rows without a value", count=table.blank_rows, examples=[])]
    return Reading(
        layout="rows",
        why=f"Each row of {table.name} is a sample; it is {table.form}.",
        table=table.name,
        features=[column[:LETTERS] for column in islice(others.learned, SHOWN)],
        feature_count=len(others.learned),
        rows=Usage(total=table.rows + table.blank_rows, used=table.rows, unused=blank if table.blank_rows else []),
        questions=others.questions,
        findings=[*table.findings, *others.findings],
    )


def _identities(table: Table, found: RowColumns, cells: Mapping[str, list[str]]) -> tuple[list[str], list[str]]:
    """Return ids and patients of the rows; an id shared by several rows is a patient's, kept in one split."""
    numbers = [str(number) for number in range(1, table.rows + 1)]
    ids = cells[found.id] if found.id else numbers
    for column in (found.id, found.patient):
        if column:
            label_table.require_short(table, column, cells[column])
    repeated = [id_ for id_, times in Counter(ids).items() if times > 1] if found.id else []
    if repeated and found.patient:
        raise _error(
            f"{table.name} has several rows for {len(repeated)} of its ids: {some(repeated)}; make them unique."
        )
    patients = cells[found.patient] if found.patient else ids
    return numbers if repeated else ids, patients


def _named(found: RowColumns) -> list[str]:
    """List the columns that are not features, each once."""
    asked = (found.id, found.target, found.patient, found.split)
    return list(dict.fromkeys(column for column in asked if column))


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
