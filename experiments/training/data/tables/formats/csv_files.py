"""Read CSV files with Arrow's parser; every setting is explicit, and nothing is dropped or filled in silence.

pandas' own readers are not asked: the C engine fills short rows up with blanks and loses cells of long ones with a
warning at most, and `engine="pyarrow"` is this parser, but fails at line ends within cells beyond the first MiB.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv

from experiments.training.contract.reading import Finding
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.archives import READ_ERRORS
from experiments.training.data.files.folders import Files
from experiments.training.data.tables.contents import cells, number_forms
from experiments.training.data.tables.contents.cells import MISSING
from experiments.training.data.tables.contents.number_forms import Decimal
from experiments.training.data.tables.formats import dialects, encodings, table_limits
from experiments.training.data.tables.formats.dialects import Head
from experiments.training.data.tables.formats.encodings import Encoding
from experiments.training.data.tables.formats.frame import Table
from experiments.training.data.tables.formats.table_limits import MAX_COLUMNS, MAX_CSV_BYTES, TooManyColumns

START_BYTES = 2**20  # of a file that is too large: they show about how many rows it has
BLOCK_BYTES = 16 * 2**20  # parsed at once; a longer row is refused
LOOKED_AT = 1_000  # rows, and columns, by which the decimal sign of the file is found
SHOWN = 60  # letters of a row


class CsvTable(Table):
    """A CSV file, of which the body is read when its first cell is asked for."""

    def __init__(self, files: Files, name: str) -> None:
        self._files = files
        with _opened(files, name) as file:
            self._head = dialects.read(file, name)
            if files.sizes[name] > MAX_CSV_BYTES:
                file.seek(0)
                raise _too_large(name, files.sizes[name], len(self._head.header), file.read(START_BYTES))
        super().__init__(name, self._head.header)
        self.form, self.unreadable = self._head.words, {}

    @property
    def rows(self) -> int:
        """The number of rows with values."""
        return len(self._body.places)

    @property
    def blank_rows(self) -> int:
        """The number of rows without any value, which are left out."""
        return self._body.blank_rows

    @cached_property
    def decimal(self) -> Decimal:
        """The decimal sign of texts that are numbers, where a column leaves it open."""
        looked_at = (self._body.column(at)[:LOOKED_AT].unique() for at in range(min(len(self.header), LOOKED_AT)))
        known = (texts.filter(~cells.among(texts, MISSING)) for texts in map(pc.utf8_trim_whitespace, looked_at))
        return number_forms.sign_of(known, "likely comma" if self._head.delimiter == ";" else "point")

    @property
    def findings(self) -> list[Finding]:
        """What a user must know of how the file was read."""
        encoding = self._body.encoding
        if not encoding.guessed:
            return []
        text = (
            f"{self.name} is not UTF-8; it was read as {encoding.words}, as in {encoding.example!r}. If letters are "
            "wrong there, save it as 'CSV UTF-8'."
        )
        return [Finding(code="table_encoding", level="warning", text=text)]

    def number_of(self, row: int) -> int:
        """Return the number, from 1, that the row at this place, from 0, has among the file's data rows."""
        return int(self._body.places[row]) + 1

    def arrays(self, wanted: Sequence[str]) -> Iterator[Any]:
        """Yield the wanted columns in their order, as texts."""
        return (self._body.column(self._place_of[column]) for column in wanted)

    @cached_property
    def _place_of(self) -> dict[str, int]:
        """The place of each column; wide tables are asked for one column at a time."""
        return {column: place for place, column in enumerate(self.header)}

    @cached_property
    def _body(self) -> _Body:
        encoding = self._encoding()
        with _opened(self._files, self.name) as file:
            return _read(file, self.name, self._head, encoding)

    def _encoding(self) -> Encoding:
        """Find the encoding of the whole file; raises SourceError if it is another one than that of the header."""
        with _opened(self._files, self.name) as file:
            found = encodings.of_file(file, self.name, self._head.encoding)
        if found.codec != self._head.encoding.codec and not "".join(self.header).isascii():
            raise _error(f"{self.name} is UTF-8 text in its first line and not later on; save it as 'CSV UTF-8'.")
        return found


@dataclass(frozen=True)
class _Body:
    """All cells as texts; `places` are those of the rows with values among all rows."""

    encoding: Encoding
    columns: list[Any]
    places: NDArray[np.intp]
    blank_rows: int

    def column(self, at: int) -> Any:
        """Return a column in its rows with values."""
        column = self.columns[at]
        return column if len(column) == len(self.places) else column.take(self.places)


def _read(file: BinaryIO, name: str, head: Head, encoding: Encoding) -> _Body:
    ragged = _Ragged(name, head)
    batches, rows = [], 0
    for batch in _batches(file, name, head, encoding, ragged):
        batches.append(batch)
        rows += batch.num_rows
        table_limits.require_fitting(name, rows, len(head.header))
    ragged.refuse(rows)
    columns = (
        pa.Table.from_batches(batches).columns if batches else [pa.chunked_array([], pa.string())] * len(head.header)
    )
    blank = _blank(columns, rows)
    places = np.delete(np.arange(rows), blank)
    return _Body(encoding, columns, places, len(blank) + ragged.blank)


def _batches(file: BinaryIO, name: str, head: Head, encoding: Encoding, ragged: _Ragged) -> Iterator[Any]:
    names = [str(place) for place in range(len(head.header))]
    if head.alone:
        return
    try:
        yield from csv.open_csv(
            file,
            read_options=csv.ReadOptions(
                use_threads=False,  # else rows have no numbers
                block_size=BLOCK_BYTES,
                skip_rows=head.lines,
                column_names=names,
                encoding=encoding.codec.removesuffix("-sig"),
            ),
            parse_options=csv.ParseOptions(
                delimiter=head.delimiter,
                quote_char='"',
                double_quote=True,
                escape_char=False,
                newlines_in_values=True,
                ignore_empty_lines=True,
                invalid_row_handler=ragged,
            ),
            convert_options=csv.ConvertOptions(
                check_utf8=True,
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[],
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise _error(
            f"{name} is not a readable CSV file: a row has more than {BLOCK_BYTES >> 20} MiB, a quote is never closed, "
            "or it is damaged; save it again as CSV."
        ) from error


class _Ragged:
    """Counts the rows that have more or fewer cells than there are columns."""

    def __init__(self, name: str, head: Head) -> None:
        self._name, self._head = name, head
        self._nothing = f'{head.delimiter} \t"'
        self._widths: Counter[int] = Counter()
        self._first: Any = None
        self.blank = 0

    def __call__(self, row: Any) -> Literal["skip"]:
        """Take a row that does not fit."""
        if not row.text.strip(self._nothing):
            self.blank += 1
            return "skip"
        self._first = self._first or row
        self._widths[row.actual_columns] += 1
        return "skip"

    def refuse(self, others: int) -> None:
        """Raise SourceError if there are any; `others` rows fit."""
        if self._first is None:
            return
        if (widest := max(self._widths)) > MAX_COLUMNS:
            raise TooManyColumns(self._name, widest)
        columns, wrong, cells = len(self._head.header), self._widths.total(), self._first.actual_columns
        cure = "Put cells that hold line ends or the delimiter into quotes, and give each row a cell for each column."
        if not others and len(self._widths) == 1 and wrong > 1:
            cure = "The first line must name each column; delete lines above it, and name a column of row numbers, too."
        elif cells < columns:
            cure = f"{cure} Delete lines that are no rows, such as totals and notes."
        number, row = self._first.number - self._head.lines, self._first.text.strip()[:SHOWN]
        raise _error(
            f"{self._name}, data row {number} has {'more' if cells > columns else 'fewer'} cells ({cells}) than there "
            f"are columns ({columns}): {row!r}; {wrong:,} of {wrong + others:,} rows do not fit. {cure}"
        )


def _too_large(name: str, size: int, columns: int, start: bytes) -> SourceError:
    """Refuse a large file with advice that suits its number of rows, so far as its first ones show that."""
    rows, most = size * start.count(b"\n") // max(1, len(start)) - 1, table_limits.most_rows(columns)
    larger = f"{name} is larger than {MAX_CSV_BYTES >> 20:,} MiB"
    if rows <= most:
        return _error(f"{larger}; save it as Parquet, of which {most:,} rows of {columns:,} columns can be read.")
    return _error(
        f"{larger} and has about {rows:,} rows, and of {columns:,} columns at most {most:,} rows can be read: keep so "
        "many, and save them as Parquet."
    )


def _blank(columns: Sequence[Any], rows: int) -> NDArray[np.intp]:
    """Find the rows without any value; nearly always the first column shows that there is none."""
    left = np.arange(rows)
    for column in columns:
        looked_at = column if len(left) == rows else column.take(left)
        left = left[pc.equal(pc.utf8_trim_whitespace(looked_at), "").to_numpy()]
        if not len(left):
            break
    return left


@contextmanager
def _opened(files: Files, name: str) -> Iterator[BinaryIO]:
    try:
        with files.open(name) as file:
            yield file
    except READ_ERRORS as error:
        raise _error(f"{name} cannot be read ({error}); check the file or its zip.") from error


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
