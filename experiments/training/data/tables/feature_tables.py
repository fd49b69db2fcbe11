"""CSV and Parquet tables that are the data themselves: one row per sample, each further column a feature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.source_forms import TABLES
from experiments.training.data.files import image_names, labels
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import MAX_SAMPLES, Index, Sample
from experiments.training.data.images.dicom_headers import is_dicom
from experiments.training.data.tables import columns, label_table, parquet
from experiments.training.data.tables.columns import RowColumns

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOOKED_AT = 20


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
    """Read the table's samples in row order; raises SourceError.

    A row's id is its number where no column has unique ids.
    """
    header = _header(files, name)
    found = columns.find_in_rows(name, header, config)
    learned = _features(header, found)
    if _is_parquet(name):
        parquet.require_fitting(files, name, len(learned))
    if not learned:
        raise _error(f"{name} has no columns to learn from beside {some(_named(found))}, and there are no images.")
    cells = dict(zip(_named(found), _cells(files, name, _named(found)), strict=True))
    for column in {found.id, found.target, found.patient} - {None}:
        _refuse_blanks(name, str(column), cells[str(column)])
    targets = cells[found.target]
    if not targets:
        raise _error(f"{name} has a header but no rows; add one row per sample.")
    ids, patients = _identities(name, found, cells, len(targets))
    classes, label_of = labels.number(targets)
    given = cells[found.split] if found.split else None
    return Index(
        classes,
        [
            Sample(
                ids[row],
                patients[row],
                label_of[target],
                split=label_table.split_in(given[row], f"{name}, data row {row + 1}") if given else None,
            )
            for row, target in enumerate(targets)
        ],
    )


def feature_names(files: Files, name: str, config: DataConfig) -> list[str]:
    """List the names of the columns to learn from, in the table's order."""
    header = _header(files, name)
    return _features(header, columns.find_in_rows(name, header, config))


def features(
    files: Files, name: str, config: DataConfig, *, first: int | None = None
) -> dict[str, list[str] | NDArray[np.float64]]:
    """Read the cells of each feature, or of the `first` so many, in the order of the rows.

    They are texts, but for columns that the table itself says hold numbers: float64, NaN where one is missing.
    """
    wanted = feature_names(files, name, config)[:first]
    cells = parquet.features(files, name, wanted) if _is_parquet(name) else _cells(files, name, wanted)
    return dict(zip(wanted, cells, strict=True))


def _identities(name: str, found: RowColumns, cells: dict[str, list[str]], count: int) -> tuple[list[str], list[str]]:
    """Return ids and patients of the rows; an id shared by several rows is a patient's, kept in one split."""
    numbers = [str(number) for number in range(1, count + 1)]
    ids = cells[found.id] if found.id else numbers
    repeated = [id_ for id_, times in Counter(ids).items() if times > 1]
    if repeated and found.patient:
        raise _error(f"{name} has several rows for {len(repeated)} of its ids: {some(repeated)}; make them unique.")
    patients = cells[found.patient] if found.patient else ids
    return numbers if repeated else ids, patients


def _named(found: RowColumns) -> list[str]:
    """List the columns that are not features, each once."""
    asked = (found.id, found.target, found.patient, found.split)
    return list(dict.fromkeys(column for column in asked if column))


def _features(header: Sequence[str], found: RowColumns) -> list[str]:
    """List the features, leaving out unnamed columns: these are row numbers that other programs left behind."""
    others = _named(found)
    return [column for column in header if column and column not in others]


def _header(files: Files, name: str) -> list[str]:
    header = parquet.header(files, name) if _is_parquet(name) else next(label_table.records(files, name), [])
    repeated = [column for column, times in Counter(filter(None, header)).items() if times > 1]
    if repeated:
        raise _error(f"{name} has several columns called {some(repeated)}; give each its own name.")
    if not any(header):
        raise _error(f"{name} is empty; it needs a target column and columns to learn from.")
    return header


def _cells(files: Files, name: str, wanted: Sequence[str]) -> list[list[str]]:
    if _is_parquet(name):
        return parquet.columns(files, name, wanted)
    records = label_table.records(files, name)
    header = next(records)
    places = {column: place for place, column in enumerate(header)}
    at = [places[column] for column in wanted]
    cells: list[list[str]] = [[] for _ in wanted]
    for number, record in enumerate(records, start=1):
        if len(record) > len(header):
            raise _error(f"{name}, data row {number} has more cells than there are columns; quote cells with commas.")
        if number > MAX_SAMPLES:
            raise _error(f"{name} has more than {MAX_SAMPLES:,} rows; keep fewer.")
        for column, position in zip(cells, at, strict=True):
            column.append(record[position] if position < len(record) else "")
    return cells


def _refuse_blanks(name: str, column: str, cells: Sequence[str]) -> None:
    blank = [number for number, cell in enumerate(cells, start=1) if not cell]
    if blank:
        raise _error(f"{name} has {len(blank)} rows without {column!r}, e.g. data row {blank[0]}; fill or drop them.")


def _is_parquet(name: str) -> bool:
    return name.lower().endswith(".parquet")


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
