"""Read the head of a CSV file: what separates its cells, and its columns' names."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

import clevercsv

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.tables.formats import encodings
from experiments.training.data.tables.formats.encodings import Encoding
from experiments.training.data.tables.formats.table_limits import MAX_COLUMNS, TooManyColumns

HEAD_BYTES = 2**18  # read at once until the header is whole
MAX_HEAD_BYTES = 16 * 2**20
SHOWN = 60  # letters of a line
SAMPLE_LINES, SAMPLE_LETTERS = 50, 2**15  # by which a delimiter is found
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_QUOTED = re.compile(r'"[^"]*"')
_SEP = re.compile(r'"?sep=([,;\t|:^~!&#])"?\s*', re.IGNORECASE)


@dataclass(frozen=True)
class Head:
    """What the first lines of a CSV file say.

    `header` has the columns' names, blank where there is none; it is empty for an empty file. `lines` are those up to
    the end of the header, with nothing behind them if it is `alone`. `named` says that a line `sep=;` names the
    delimiter.
    """

    encoding: Encoding
    delimiter: str
    header: list[str]
    lines: int
    named: bool
    alone: bool

    @property
    def words(self) -> str:
        """The form of the file for a user."""
        given = ", as its first line says" if self.named else ""
        between = DELIMITERS.get(self.delimiter, repr(self.delimiter))
        return f"{self.encoding.words} text with {between} between cells{given}"


def read(file: BinaryIO, name: str) -> Head:
    """Read the head of the file called `name`; raises SourceError, and what reading a file may raise."""
    head = file.read(HEAD_BYTES)
    while True:
        more = file.read(HEAD_BYTES)
        if found := _parsed(head, name, whole=not more):
            return found
        head += more
        if len(head) > MAX_HEAD_BYTES:
            raise _error(f"{name} has no line end in its first {MAX_HEAD_BYTES >> 20} MiB; save it again as CSV.")


def _parsed(head: bytes, name: str, *, whole: bool) -> Head | None:
    """Read the head from a file's first bytes; None if the header goes on behind them."""
    encoding = encodings.of_head(head, name)
    lines = _lines(head, encoding, whole=whole)
    given = _SEP.fullmatch(lines[0]) if lines else None
    skipped = 1 if given else 0
    delimiter = given[1] if given else _delimiter(lines, tabs=name.lower().endswith(".tsv"))
    bounded = _Bounded(lines[skipped:], delimiter, name)
    reader = csv.reader(bounded, delimiter=delimiter)
    try:
        header = _next(reader)
        end = reader.line_num
        if not whole and end >= len(lines) - skipped:
            return None
    except csv.Error as error:
        raise _error(f"The first line of {name} is not a readable CSV header; save it again as CSV.") from error
    bounded.delimiters = 0
    with suppress(csv.Error):  # which the parser of the whole file will tell of
        cells = _next(reader)
        if 2 * sum(map(bool, header)) < sum(map(bool, cells)) and len(header) > 1:
            raise _error(
                f"The first line of {name} names {sum(map(bool, header))} of {len(header)} columns, such as "
                f"{next(filter(None, header), '')[:SHOWN]!r}, and the next one has {sum(map(bool, cells))} cells. The "
                "first line must name each column; delete lines above it, such as a title or a second line of names."
            )
        if header and cells[len(header) :] == [""]:  # lines end with a delimiter, but for the header
            header = [*header, ""]
        elif len(header) == 1 < len(cells):
            raise _error(
                f"{name}, data row 1 has more cells ({len(cells)}) than there are columns (1): the first line is no "
                f"header, but {header[0][:SHOWN]!r}. The first line must name each column; delete lines above it."
            )
    return Head(encoding, delimiter, header, skipped + end, named=bool(given), alone=skipped + end == len(lines))


def _lines(head: bytes, encoding: Encoding, *, whole: bool) -> list[str]:
    """Split the bytes into whole lines with their ends."""
    text = codecs.getincrementaldecoder(encoding.codec)("replace").decode(head, whole)
    lines = list(io.StringIO(text, newline=""))
    return lines if whole else lines[:-1]


def _next(reader: Iterator[list[str]]) -> list[str]:
    """Return the next record that is not blank, its cells stripped; empty at the end."""
    return next((cells for record in reader if any(cells := [cell.strip() for cell in record])), [])


def _delimiter(lines: Sequence[str], *, tabs: bool) -> str:
    """Find the delimiter by how well it cuts the first lines; by the first line alone where this says too little.

    With `tabs` the file's name says that it has these, and it is believed if the first line has one.
    """
    first = _first_record(lines)
    if tabs and "\t" in first:
        return "\t"
    sample = _sample(lines)
    found = clevercsv.Detector().detect(sample, delimiters=list(DELIMITERS)) if sample else None
    bare = _QUOTED.sub("", first)
    if found and found.delimiter and (found.delimiter in bare or not any(sign in bare for sign in DELIMITERS)):
        return found.delimiter
    return max(DELIMITERS, key=bare.count)


def _first_record(lines: Sequence[str]) -> str:
    """Return the first record that is not blank, whose quoted cells may have line ends."""
    record = ""
    for line in lines:
        record += line
        if len(record) > SAMPLE_LETTERS or (record.count('"') % 2 == 0 and record.strip()):
            break
    return record


def _sample(lines: Sequence[str]) -> str:
    """Join as many of the first lines as can be looked at in a moment."""
    sample = ""
    for line in lines[:SAMPLE_LINES]:
        if len(sample) + len(line) > SAMPLE_LETTERS:
            break
        sample += line
    return sample


class _Bounded:
    """Lines for a parser; a record with too many cells is refused before it is split into them."""

    def __init__(self, lines: Sequence[str], delimiter: str, name: str) -> None:
        self._lines, self._delimiter, self._name = iter(lines), delimiter, name
        self.delimiters = 0  # in the lines since this was set to 0: a record may have several

    def __iter__(self) -> _Bounded:
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
