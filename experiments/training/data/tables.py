"""The CSV beside the images: one row per image with its id and its target, all text."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from experiments.training.config import DataConfig
from experiments.training.data.archives import READ_ERRORS
from experiments.training.data.errors import SourceError, some
from experiments.training.data.folders import Files

MAX_BYTES = 128 * 2**20
DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Row:
    """Ids stay text: `007` is not `7`."""

    id: str
    target: str


def read(files: Files, names: list[str], config: DataConfig) -> tuple[str, list[Row]]:
    """The one CSV of `names` that has both columns, with its rows in file order; raises SourceError."""
    headers = {name: _header(files, name) for name in names}
    wanted = (config.id_column, config.target_column)
    fitting = [name for name, header in headers.items() if all(column in header for column in wanted)]
    if len(fitting) > 1:
        raise _error(f"Several CSV files have the columns {wanted[0]!r} and {wanted[1]!r}: {some(fitting)}; keep one.")
    if not fitting:
        raise _missing_column(headers, config)
    rows = list(_rows(files, fitting[0], wanted))
    _check(rows, fitting[0], config)
    return fitting[0], rows


def _missing_column(headers: dict[str, list[str]], config: DataConfig) -> SourceError:
    name, header = next(iter(headers.items()))
    if not any(header):
        return _error(f"{name} is empty; it needs the columns {config.id_column!r} and {config.target_column!r}.")
    field = "id_column" if config.id_column not in header else "target_column"
    column = getattr(config, field)
    return SourceError(
        f"data.{field}",
        f"{name} has no column {column!r}; it has {some([repr(c) for c in header], 20)}. Rename one, or name it here.",
    )


def _check(rows: list[Row], name: str, config: DataConfig) -> None:
    if not rows:
        raise _error(f"{name} has a header but no rows; add one row per image.")
    for field, column in (("id", config.id_column), ("target", config.target_column)):
        empty = [number for number, row in enumerate(rows, start=1) if not getattr(row, field)]
        if empty:
            raise _error(
                f"{name} has {len(empty)} rows without {column!r}, e.g. data row {empty[0]}; fill or drop them."
            )
    repeated = [id_ for id_, count in Counter(row.id for row in rows).items() if count > 1]
    if repeated:
        raise _error(
            f"{name} has several rows for {len(repeated)} of its ids: {some(repeated)}. Keep one row per image: "
            "samples of one patient in two splits would make the results look better than they are."
        )


def _header(files: Files, name: str) -> list[str]:
    return next(_records(files, name), [])


def _rows(files: Files, name: str, columns: tuple[str, str]) -> Iterator[Row]:
    records = _records(files, name)
    header = next(records)
    at = [header.index(column) for column in columns]
    for record in records:
        id_, target = (record[i] if i < len(record) else "" for i in at)
        yield Row(id_, target)


def _records(files: Files, name: str) -> Iterator[list[str]]:
    """The non-blank records, cells stripped."""
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
        raise _error(f"{name} is larger than {MAX_BYTES >> 20} MiB; keep only the id and target columns.")
    try:
        with files.open(name) as file:
            return file.read(MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _error(f"{name} is not UTF-8 text; save it as 'CSV UTF-8'.") from error
    except READ_ERRORS as error:
        raise _error(f"{name} cannot be read ({error}); check the file or its zip.") from error


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
