"""CSV and Parquet tables that are the data themselves: one row per sample, each further column a feature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Usage
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.columns import column_roles, table_view
from experiments.training.data.columns.column_roles import Columns
from experiments.training.data.columns.table_view import TableView
from experiments.training.data.files import image_names
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import MAX_SAMPLES, Index, Sample
from experiments.training.data.images.dicom_headers import is_dicom
from experiments.training.data.labels import labelling
from experiments.training.data.tables import label_table, parquet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUFFIXES = (".csv", ".parquet")
LOOKED_AT = 20
SHOWN = 200  # features that the reading names


def find(files: Files, wanted: str | None = None) -> str | None:
    """Find the one table among files without images; None where there are images or no table.

    Raises SourceError for several tables of which none is the `wanted` one.
    """
    suffixes = {name: image_names.suffix(name) for name in files.sizes}
    found = [name for name, suffix in suffixes.items() if suffix in SUFFIXES]
    if not found or image_names.EXTENSIONS & set(suffixes.values()) or _has_dicom(files, suffixes):
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
    others = (name for name, suffix in suffixes.items() if suffix not in SUFFIXES)
    return any(is_dicom(files, name) for name in islice(others, LOOKED_AT))


def read(files: Files, name: str, config: DataConfig) -> Index:
    """Read the table's samples in row order; raises SourceError.

    A row's id is its number where no column has unique ids.
    """
    seen = _view(files, name)
    found = column_roles.find_in_rows(seen, config)
    if not _features(seen, found):
        raise _error(f"{name} has no columns to learn from beside {some(found.unlearned)}, and there are no images.")
    cells = dict(zip(_read(found), _cells(files, name, _read(found)), strict=True))
    targets = cells[found.target]
    if not targets:
        raise _error(f"{name} has a header but no rows; add one row per sample.")
    if found.id:
        label_table.refuse_gaps(name, found.id, cells[found.id], missing=("",))
    if found.patient:
        label_table.refuse_gaps(name, found.patient, cells[found.patient])
    return _index(seen, found, cells, config)


def feature_names(files: Files, name: str, config: DataConfig) -> list[str]:
    """List the names of the columns to learn from, in the table's order."""
    seen = _view(files, name)
    return _features(seen, column_roles.find_in_rows(seen, config))


def features(
    files: Files, name: str, config: DataConfig, *, first: int | None = None
) -> dict[str, list[str] | NDArray[np.float64]]:
    """Read the cells of each feature, or of the `first` so many, in the order of the rows.

    They are texts, but for columns that the table itself says hold numbers: float64, NaN where one is missing. Rows
    without a label are among them: see `of_samples`.
    """
    wanted = feature_names(files, name, config)[:first]
    cells = parquet.features(files, name, wanted) if _is_parquet(name) else _cells(files, name, wanted)
    return dict(zip(wanted, cells, strict=True))


def of_samples(cells: list[str] | NDArray[np.float64], index: Index) -> list[str] | NDArray[np.float64]:
    """Select the cells of the rows that are samples."""
    if index.rows is None:
        return cells
    return [cells[row] for row in index.rows] if isinstance(cells, list) else cells[list(index.rows)]


def _index(seen: TableView, found: Columns, cells: Mapping[str, list[str]], config: DataConfig) -> Index:
    """Index the rows that have a label; their positions are kept where others have none."""
    name, targets = seen.name, cells[found.target]
    ids, patients = _identities(name, found, cells, config)
    labels = labelling.read(Counter(targets), config, seen.named(found.target))
    rows = [row for row, target in enumerate(targets) if labels.label_of[target] is not None]
    given = cells[found.split] if found.split else None
    samples = [
        Sample(
            ids[row],
            patients[row],
            labels.label_of[targets[row]] or 0,
            split=label_table.split_in(given[row], f"{name}, data row {row + 1}") if given else None,
        )
        for row in rows
    ]
    unused = labels.unused((target, f"row {row}") for row, target in enumerate(targets, start=1))
    reading = label_table.reading(found, name, Usage(total=len(targets), used=len(rows), unused=unused), layout="rows")
    features = _features(seen, found)
    described = labels.described(reading).extended(features=features[:SHOWN], feature_count=len(features))
    return Index(labels.classes, samples, described, rows if len(rows) < len(targets) else None)


def _identities(
    name: str, found: Columns, cells: Mapping[str, list[str]], config: DataConfig
) -> tuple[Sequence[str], Sequence[str | None]]:
    """Return ids and patients of the rows; an id shared by several rows is a patient's, kept in one split."""
    count = len(cells[found.target])
    numbers = [str(number) for number in range(1, count + 1)]
    ids = cells[found.id] if found.id else numbers
    repeated = [id_ for id_, times in Counter(ids).items() if times > 1]
    if repeated and found.patient not in (None, found.id):
        raise _error(f"{name} has several rows for {len(repeated)} of its ids: {some(repeated)}; make them unique.")
    patients: Sequence[str | None] = [None] * count
    if found.patient or (repeated and config.patients == "auto"):
        patients = cells[found.patient] if found.patient else ids
    return numbers if repeated else ids, patients


def _read(found: Columns) -> list[str]:
    """List the columns that are read to know the samples, each once."""
    asked = (found.id, found.target, found.patient, found.split)
    return list(dict.fromkeys(column for column in asked if column))


def _features(seen: TableView, found: Columns) -> list[str]:
    """List the features, leaving out unnamed columns: these are row numbers that other programs left behind."""
    others = set(found.unlearned)
    return [column for column in seen.header if column and column not in others]


def _view(files: Files, name: str) -> TableView:
    header = _header(files, name)
    if not _is_parquet(name):
        return label_table.view(files, name)
    first = cache(lambda: parquet.first(files, name, table_view.FIRST))
    return TableView(
        name,
        header,
        first=lambda column: first()[column],
        whole=lambda column: parquet.columns(files, name, [column])[0],
    )


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


def _is_parquet(name: str) -> bool:
    return name.lower().endswith(".parquet")


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
