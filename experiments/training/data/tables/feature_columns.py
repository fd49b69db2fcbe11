"""Choose which columns of a table are learned from, and tell what becomes of all others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Finding, Question
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.columns import column_names
from experiments.training.data.tables import column_findings, index_columns, missing_codes
from experiments.training.data.tables.column_findings import Told, name
from experiments.training.data.tables.contents import date_numbers
from experiments.training.data.tables.contents.cells import Codes
from experiments.training.data.tables.contents.typed_column import Column
from experiments.training.data.tables.formats.frame import BYTES, NUMBERS, Table
from experiments.training.data.tables.suspicious_columns import IGNORE, USE, Suspects
from experiments.training.data.tables.target_copies import Target


@dataclass
class FeatureColumns:
    """The columns of a table that have no role, by name; `order` is that of the table.

    `learned` are learned from; `apart` were read, and are not. `findings` and `questions` are about all of them.
    """

    order: Sequence[str]
    learned: dict[str, Column] = field(default_factory=dict)
    apart: dict[str, Column] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    @property
    def all(self) -> dict[str, Column]:
        """All columns that were read, in the order of the table."""
        read = self.learned | self.apart
        return {column: read[column] for column in self.order if column in read}


def read(
    table: Table,
    roles: Collection[str],
    config: DataConfig,
    labels: Sequence[int],
    rows: Sequence[int] | None = None,
) -> FeatureColumns:
    """Read the columns without a role; raises SourceError if nothing can be learned from them.

    `labels` are those of the samples, and `rows` the places of their rows, None for all.
    """
    _check_options(table, roles, config)
    places = None if rows is None else np.asarray(rows, np.intp)
    reader = _Reader(table, config, Target(np.asarray(labels, np.intp)), places)
    unread = {told.column for told in reader.told} | set(roles)
    for column, typed in table.typed([column for column in table.columns if column not in unread]):
        reader.take(column, typed)
    return reader.result(roles)


def _check_options(table: Table, roles: Collection[str], config: DataConfig) -> None:
    """Raise SourceError for options that name a column which is not there, or in two ways."""
    for option, asked in ((IGNORE, config.ignore_columns), (USE, config.use_columns)):
        if unknown := [column for column in asked if column not in table.header]:
            known = some([name(column) for column in table.header if column], 20)
            text = f"{table.name} has no column {some(list(map(name, unknown)))}; it has {known}."
            raise SourceError(option, text, column_names.that_can_be_named(table.header))
    if both := [column for column in config.use_columns if column in config.ignore_columns]:
        raise SourceError(USE, f"{IGNORE} names {some(list(map(name, both)))}, too; take it out of one of the two.")
    if taken := [column for column in config.use_columns if column in roles]:
        raise SourceError(
            USE,
            f"{name(taken[0])} is the id, the target, the patient or the split, and not learned from; leave it out.",
        )


class _Reader:
    """The columns of a table as they are read."""

    def __init__(self, table: Table, config: DataConfig, target: Target, rows: NDArray[np.intp] | None) -> None:
        self._table, self._config, self._rows = table, config, rows
        self._found = FeatureColumns(table.header)
        self._suspects = Suspects(target, config)
        self.told = list(self._not_to_be_read())

    def _not_to_be_read(self) -> Iterator[Told]:
        """Yield the columns that are left out whatever their cells are; raises SourceError for pictures."""
        for column in filter(None, self._table.header):
            held = self._table.unreadable.get(column)
            if column in self._config.ignore_columns:
                yield Told("ignored", column)
            elif held in (BYTES, NUMBERS):
                raise _pictures(self._table, column, f"cells with {held}")
            elif held:
                yield Told("nested", column, held)
            elif column not in self._config.use_columns and self._is_index(column):
                yield Told("index", column)
        if unnamed := self._table.header.count(""):
            yield Told("unnamed", "", "1 column" if unnamed == 1 else f"{unnamed:,} columns")

    def _is_index(self, column: str) -> bool:
        return index_columns.is_written(column) or column in self._table.index_columns

    def take(self, column: str, typed: Column) -> None:
        """Take a column that was read; raises SourceError for pictures."""
        self._tell(column, typed)
        of_samples = self._of_samples(typed)
        if column not in self._config.use_columns and _counts_rows(column, of_samples):
            self.told.append(Told("index", column))
            self._found.apart[column] = replace(of_samples, kind="left out")
        elif column not in self._config.use_columns and _are_dates(typed):
            self._tell_date(column, typed)
            self._found.apart[column] = replace(of_samples, kind="left out")
        elif typed.kind == "left out":
            self._found.apart[column] = of_samples
        else:
            self._found.learned[column] = of_samples
            self._tell_codes(column, of_samples)
            self._suspects.look_at(column, of_samples)

    def _tell(self, column: str, typed: Column) -> None:
        left_out = typed.kind == "left out"
        for remark in typed.remarks:
            if remark.reason == "pixels":
                raise _pictures(self._table, column, f"{remark.words} numbers in each cell, a picture as text,")
            number = self._table.number_of(remark.row)
            self.told.append(column_findings.of_remark(column, remark, number, self._table.rows, left_out=left_out))

    def _tell_date(self, column: str, typed: Column) -> None:
        if typed.values is None:
            return
        row = int(np.argmin(np.isnan(typed.values)))
        words = f"{typed.values[row]:.0f} in data row {self._table.number_of(row)}"
        self.told.append(Told("date_numbers", column, words))

    def _tell_codes(self, column: str, typed: Column) -> None:
        if typed.values is None or column in self._config.use_columns:
            return
        if (code := missing_codes.likely(typed.values)) is not None:
            words = f"{code:g}, {np.count_nonzero(typed.values == code):,} of {len(typed.values):,}"
            self.told.append(Told("missing_code", column, words))

    def _of_samples(self, column: Column) -> Column:
        """Return the column in the rows of the samples."""
        if self._rows is None:
            return column
        values = None if column.values is None else column.values[self._rows]
        codes = None if column.codes is None else column.codes[self._rows]
        return replace(column, values=values, codes=codes, missing=_missing(values, codes, column))

    def result(self, roles: Collection[str]) -> FeatureColumns:
        """Return what was found, and what is asked about it; raises SourceError if nothing is left to learn from."""
        found = self._found
        if not found.learned:
            reasons = " ".join(finding.text for finding in column_findings.findings(self.told))
            raise _error(
                f"{self._table.name} has no columns to learn from beside {some(list(roles))}, and there are no images. "
                f"{reasons or 'Add numbers or categories.'}"
            )
        found.questions, alone = self._suspects.questions(self._table.name, len(found.learned))
        for column in [] if alone else self._suspects.useless:
            found.apart[column] = replace(found.learned.pop(column), kind="left out")
        found.findings = column_findings.findings([*self.told, *alone])
        return found


def _missing(values: NDArray[np.float64] | None, codes: Codes | None, column: Column) -> int:
    """Count the missing cells of a column some of whose rows were left out."""
    if values is not None:
        return int(np.isnan(values).sum())
    return int((codes == 0).sum()) if codes is not None and column.missing else 0


def _are_dates(typed: Column) -> bool:
    return typed.values is not None and date_numbers.are_dates(typed.values)


def _counts_rows(column: str, typed: Column) -> bool:
    return typed.values is not None and index_columns.is_named(column) and index_columns.numbers_rows(typed.values)


def _pictures(table: Table, column: str, held: str) -> SourceError:
    return SourceError(
        "source_path",
        f"{table.name} has {held} in its column {name(column)}, and a table is learned from numbers and categories. "
        "Save the pictures as image files, with a table of their names and labels beside them; or leave the column out "
        f"by {IGNORE}.",
    )


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
