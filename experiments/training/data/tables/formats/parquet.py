"""Read Parquet files with Arrow, some columns at a time: numbers never become texts."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import pyarrow as pa
from pyarrow import parquet, types

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.folders import Files
from experiments.training.data.tables.contents import cells
from experiments.training.data.tables.formats import table_limits
from experiments.training.data.tables.formats.frame import BYTES, LISTS, NUMBERS, RECORDS, Table
from experiments.training.data.tables.formats.table_limits import MAX_COLUMNS, TooManyColumns

CELLS_AT_ONCE = 2**20  # memory that is used again and again is the fastest
LOOKED_AT = 64  # columns at once: of each, a page and the list of its values are unpacked
MAX_BYTES = 16 * 2**30  # of the cells that are read, as the file declares them


class ParquetTable(Table):
    """A Parquet file, of which columns are read when they are asked for."""

    form = "Parquet"

    def __init__(self, files: Files, name: str) -> None:
        self._files = files
        with _opened(files, name) as file:
            if file.metadata.num_columns > MAX_COLUMNS:
                raise TooManyColumns(name, file.metadata.num_columns)
            self._schema, self._rows = file.schema_arrow, int(file.metadata.num_rows)
            super().__init__(name, [column.strip() for column in self._schema.names])
            self._metadata = file.metadata
            self._begun: dict[tuple[str, int], Any] = {}
            texts = _texts_by_their_bounds(file.metadata) if any(map(_is_binary, self._schema.types)) else ()
        held = ((column, _held(field, texts)) for column, field in zip(self.header, self._schema, strict=True))
        self.unreadable = {column: what for column, what in held if what}

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self._rows

    @property
    def index_columns(self) -> frozenset[str]:
        """The columns that pandas calls the index of the table that it wrote."""
        try:
            written = json.loads((self._schema.metadata or {}).get(b"pandas", b"{}"))
            return frozenset(column for column in written.get("index_columns", ()) if isinstance(column, str))
        except (ValueError, AttributeError, TypeError, RecursionError):
            return frozenset()

    def first(self, name: str, count: int) -> list[str]:
        """Return a column's first cells as `Table.first` does, reading no others.

        The columns behind it are looked at with it, as opening costs more than looking.
        """
        if (name, count) not in self._begun:
            at = self.columns.index(name)
            near = [column for column in self.columns[at : at + LOOKED_AT] if (column, count) not in self._begun]
            try:
                found = self._read_first(near, count)
            except SourceError:  # of one nearby, perhaps, that nobody needs
                found = self._read_first([name], count)
            self._begun |= {(column, count): cells for column, cells in found.items()}
        return self._look(name, self._begun[name, count])

    def _read_first(self, wanted: Sequence[str], count: int) -> dict[str, Any]:
        """Read the first cells of some columns; each keeps a page of its own in memory meanwhile."""
        names = [self._field_of[column].name for column in wanted]
        with _opened(self._files, self.name, metadata=self._metadata, whole=False) as file:
            batches = file.iter_batches(batch_size=count, columns=names, use_threads=False)
            read = next(batches, None)
        if read is None:
            return dict.fromkeys(wanted, pa.chunked_array([], pa.string()))
        return {
            column: _as_text(pa.chunked_array([read.column(name)])) for column, name in zip(wanted, names, strict=True)
        }

    @cached_property
    def _field_of(self) -> dict[str, Any]:
        return dict(zip(self.header, self._schema, strict=True))

    def arrays(self, wanted: Sequence[str]) -> Iterator[Any]:
        """Yield the wanted columns in their order; raises SourceError for a file that is too large or damaged."""
        table_limits.require_fitting(self.name, self._rows, len(wanted))
        fields = [self._field_of[column] for column in wanted]
        if _declared_bytes(self._metadata, {field.name for field in fields}) > MAX_BYTES:
            raise _error(f"{self.name} unpacks to more than {MAX_BYTES >> 30} GiB; keep fewer columns or rows.")
        return self._read(fields)

    def _read(self, fields: Sequence[Any]) -> Iterator[Any]:
        """Read some columns at a time; texts stay a list of the different ones, however often each comes."""
        texts = [field.name for field in fields if cells.is_text(field.type) or _is_binary(field.type)]
        at_once = max(1, CELLS_AT_ONCE // max(1, self._rows))
        with _opened(self._files, self.name, texts, self._metadata) as file:
            for start in range(0, len(fields), at_once):
                part = [field.name for field in fields[start : start + at_once]]
                read = file.read(columns=part, use_threads=False)
                for column in part:
                    yield _as_text(read.column(column))


def _as_text(column: Any) -> Any:
    """Turn bytes into the texts that they are; leave any other column as it is."""
    if not _is_binary(cells.kind_of(column)):
        return column
    return column.cast(pa.dictionary(pa.int32(), pa.string()) if types.is_dictionary(column.type) else pa.string())


def _held(field: Any, texts: Collection[str]) -> str | None:
    """Say what the cells of a column are if they are no plain values; None if they are."""
    kind = field.type.value_type if types.is_dictionary(field.type) else field.type
    if types.is_struct(kind):
        return BYTES if any(_is_binary(kind.field(at).type) for at in range(kind.num_fields)) else RECORDS
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return NUMBERS if _is_number(_innermost(kind)) else LISTS
    if _is_binary(kind):
        return None if field.name in texts else BYTES
    plain = cells.is_text(kind) or _is_number(kind) or types.is_boolean(kind) or types.is_null(kind)
    return None if plain or types.is_temporal(kind) or types.is_decimal(kind) else RECORDS


def _innermost(kind: Any) -> Any:
    while types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        kind = kind.value_type
    return kind


def _is_binary(kind: Any) -> bool:
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


def _is_number(kind: Any) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind))


def _declared_bytes(metadata: Any, names: Collection[str]) -> int:
    """Sum up how large the file says that these columns are when they are unpacked."""
    groups = [metadata.row_group(at) for at in range(metadata.num_row_groups)]
    if (total := sum(group.total_byte_size for group in groups)) <= MAX_BYTES:
        return int(total)
    chunks = (group.column(at) for group in groups for at in range(group.num_columns))
    return sum(chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema in names)


def _texts_by_their_bounds(metadata: Any) -> set[str]:
    """Find columns of bytes that are texts, which old programs do not say: by their first and last value."""
    if not metadata.num_row_groups:
        return set()
    group = metadata.row_group(0)
    chunks = (group.column(at) for at in range(group.num_columns))
    return {chunk.path_in_schema for chunk in chunks if chunk.is_stats_set and _is_readable(chunk.statistics)}


def _is_readable(found: Any) -> bool:
    bounds = (found.min, found.max) if found.has_min_max and found.physical_type == "BYTE_ARRAY" else ()
    try:
        return bool(bounds) and all((b if isinstance(b, str) else b.decode()).isprintable() for b in bounds)
    except UnicodeDecodeError:
        return False


@contextmanager
def _opened(
    files: Files, name: str, texts: Sequence[str] = (), metadata: Any = None, *, whole: bool = True
) -> Iterator[Any]:
    """Open the file; the columns `texts` are read as a list of their different cells and the place in it of each.

    `metadata` are those of the file if they are known: those of a wide table take a second to read. Unless `whole`,
    no more of a column is fetched than is asked for.
    """
    options = {"metadata": metadata, "read_dictionary": list(texts), "pre_buffer": whole}
    try:
        with files.open(name) as file, parquet.ParquetFile(file, **options) as table:
            yield table
    except SourceError:
        raise
    except Exception as error:  # Arrow raises nearly anything on damaged files
        raise _error(f"{name} is not a readable Parquet file; save it again.") from error


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
