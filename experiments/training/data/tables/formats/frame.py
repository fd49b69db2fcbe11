"""A table of a data set, whatever file it comes from: its columns, and their cells once they are asked for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.training.contract.reading import Finding
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.tables.contents import cells, column_types
from experiments.training.data.tables.contents.cells import MISSING
from experiments.training.data.tables.contents.number_forms import Decimal
from experiments.training.data.tables.contents.typed_column import Column

CELLS_AT_ONCE = 2**20
BYTES, NUMBERS, LISTS, RECORDS = "pictures or other bytes", "lists of numbers", "lists", "records"
"""What cells may be that are no plain values."""


class Table(ABC):
    """The rows of one file, whose cells are read as long as its container is open.

    `header` has the columns' names, blank where there is none. `form` says in words how the file is written.
    `unreadable` maps the columns whose cells are no plain values to what they are.
    """

    form: str
    unreadable: Mapping[str, str]

    def __init__(self, name: str, header: Sequence[str]) -> None:
        self.name = name
        self.header = list(header)
        repeated = [column for column, times in Counter(filter(None, header)).items() if times > 1]
        if repeated:
            raise _error(f"{name} has several columns called {some(repeated)}; give each its own name.")

    @property
    def columns(self) -> list[str]:
        """The names of the columns whose cells are plain values, in order."""
        return [column for column in self.header if column and column not in self.unreadable]

    @property
    def index_columns(self) -> frozenset[str]:
        """The columns that the program that wrote the file calls its index."""
        return frozenset()

    @property
    def decimal(self) -> Decimal:
        """The decimal sign of texts that are numbers, where a column leaves it open."""
        return "point"

    @property
    def findings(self) -> list[Finding]:
        """What a user must know of how the file was read."""
        return []

    @property
    @abstractmethod
    def rows(self) -> int:
        """The number of rows with values."""

    @property
    def blank_rows(self) -> int:
        """The number of rows without any value, which are left out."""
        return 0

    def number_of(self, row: int) -> int:
        """Return the number, from 1, that the row at this place, from 0, has among the file's data rows."""
        return row + 1

    @abstractmethod
    def arrays(self, wanted: Sequence[str]) -> Iterator[Any]:
        """Yield the wanted columns in their order, as Arrow's chunked arrays of the file's own types."""

    def typed(self, wanted: Sequence[str]) -> Iterator[tuple[str, Column]]:
        """Yield names and contents of the wanted columns: numbers, or categories."""
        arrays, names = self.arrays(wanted), iter(wanted)
        while some_columns := list(islice(arrays, max(1, CELLS_AT_ONCE // max(1, self.rows)))):
            typed = column_types.of_columns(some_columns, self.decimal)
            yield from zip(islice(names, len(typed)), typed, strict=True)

    def texts(self, name: str) -> list[str]:
        """Return a column's cells as they are written, without blanks around them; blank where there is no value."""
        return self._texts(name, self._column(name))

    def first(self, name: str, count: int) -> list[str]:
        """Return a column's first cells as `texts` does, for a look at them: blanks where they cannot be written."""
        return self._look(name, self._column(name).slice(0, count))

    def missing(self, name: str) -> NDArray[np.bool_]:
        """Return which cells of a column are blank, or one of the words for a missing value."""
        codes, values = cells.factorized(self._column(name))
        absent = [cells.text(value).lower() in MISSING for value in values.to_pylist()]
        return np.array([*absent, True], np.bool_)[codes]  # the last is that of cells without a value

    def numbers(self, name: str) -> NDArray[np.float64] | None:
        """Return a column's numbers, NaN where one is missing; None for a column that has other cells."""
        return column_types.of_column(self._column(name), self.decimal).values

    def _column(self, name: str) -> Any:
        return next(self.arrays([name]))

    def _look(self, name: str, column: Any) -> list[str]:
        """Return cells as `_texts` does, or blanks: a column that nobody asked for must not end the reading."""
        try:
            return self._texts(name, column)
        except SourceError:
            return [""] * len(column)

    def _texts(self, name: str, column: Any) -> list[str]:
        """Return cells as texts; raises SourceError for those that are none, or that no database can store."""
        try:
            texts = cells.texts_of(column)
        except (ValueError, OverflowError) as error:  # of Python's dates, which end with the year 9999
            raise _error(f"{self.name} has cells in column {name!r} that cannot be written as texts.") from error
        if any("\0" in text for text in set(texts)):
            raise _error(f"{self.name} has cells with zero bytes in column {name!r}, which are no texts; correct them.")
        return texts


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
