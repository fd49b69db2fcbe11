"""Choose which columns of a table are learned from, and tell what becomes of all others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Finding, Question
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.tables import column_findings, index_columns
from experiments.training.data.tables.column_findings import Told, name
from experiments.training.data.tables.contents.typed_column import Column
from experiments.training.data.tables.formats.frame import BYTES, NUMBERS, Table
from experiments.training.data.tables.target_copies import Target

IGNORE, USE = "data.ignore_columns", "data.use_columns"
NAMED = 8  # columns in a question
ASKED = 500  # columns at most: an option names each


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
    rows: NDArray[np.intp] | None = None,
) -> FeatureColumns:
    """Read the columns without a role; raises SourceError if nothing can be learned from them.

    `labels` are those of the samples, and `rows` the places of their rows, None for all.
    """
    _check_options(table, roles, config)
    reader = _Reader(table, config, Target(np.asarray(labels, np.intp)), rows)
    unread = {told.column for told in reader.told} | set(roles)
    for column, typed in table.typed([column for column in table.columns if column not in unread]):
        reader.take(column, typed)
    return reader.result(roles)


def _check_options(table: Table, roles: Collection[str], config: DataConfig) -> None:
    """Raise SourceError for options that name a column which is not there, or in two ways."""
    for option, asked in ((IGNORE, config.ignore_columns), (USE, config.use_columns)):
        if unknown := [column for column in asked if column not in table.header]:
            known = some([name(column) for column in table.header if column], 20)
            raise SourceError(option, f"{table.name} has no column {some(list(map(name, unknown)))}; it has {known}.")
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
        self._table, self._config, self._target, self._rows = table, config, target, rows
        self._found = FeatureColumns(table.header)
        self._suspects: dict[str, str] = {}
        self.told = list(self._not_to_be_read())

    def _not_to_be_read(self) -> Iterator[Told]:
        """Yield the columns that are left out whatever their cells are; raises SourceError for pictures."""
        for column in self._table.header:
            held = self._table.unreadable.get(column)
            if not column:
                continue
            if column in self._config.ignore_columns:
                yield Told("ignored", column)
            elif held in (BYTES, NUMBERS):
                raise _pictures(self._table, column, f"cells with {held}")
            elif held:
                yield Told("nested", column, held)
            elif column not in self._config.use_columns and self._is_index(column):
                yield Told("index", column)
        if unnamed := self._table.header.count(""):
            yield Told("unnamed", "", f"{unnamed}")

    def _is_index(self, column: str) -> bool:
        return index_columns.is_written(column) or column in self._table.index_columns

    def take(self, column: str, typed: Column) -> None:
        """Take a column that was read; raises SourceError for pictures."""
        for remark in typed.remarks:
            if remark.reason == "pixels":
                raise _pictures(self._table, column, f"{remark.words} numbers in each cell, a picture as text")
            number, left_out = self._table.number_of(remark.row), typed.kind == "left out"
            self.told.append(column_findings.of_remark(column, remark, number, self._table.rows, left_out=left_out))
        chosen = column in self._config.use_columns
        numbers = typed.values if self._rows is None or typed.values is None else typed.values[self._rows]
        if (
            numbers is not None
            and not chosen
            and index_columns.is_named(column)
            and index_columns.numbers_rows(numbers)
        ):
            self.told.append(Told("index", column))
            self._found.apart[column] = replace(self._of_samples(typed), kind="left out")
        elif typed.kind == "left out":
            self._found.apart[column] = self._of_samples(typed)
        else:
            found = self._found.learned[column] = self._of_samples(typed)
            if not chosen and len(self._suspects) < ASKED and (why := self._suspicion(found)):
                self._suspects[column] = why

    def _of_samples(self, column: Column) -> Column:
        """Return the column in the rows of the samples."""
        if self._rows is None:
            return column
        values = None if column.values is None else column.values[self._rows]
        codes = None if column.codes is None else column.codes[self._rows]
        return replace(column, values=values, codes=codes)

    def _suspicion(self, column: Column) -> str | None:
        """Say why a column may be nothing to learn from; None if nothing speaks for that."""
        if self._target.is_told_by(column):
            return "tells the target nearly without a fault"
        if column.values is not None and index_columns.follows_the_rows(column.values):
            return "follows the order of the rows"
        return None

    def result(self, roles: Collection[str]) -> FeatureColumns:
        """Return what was found, with the question about suspicious columns; raises SourceError if nothing is left."""
        found = self._found
        if not found.learned:
            reasons = " ".join(finding.text for finding in column_findings.findings(self.told))
            beside = some(list(roles))
            raise _error(
                f"{self._table.name} has no columns to learn from beside {beside}, and there are no images. "
                f"{reasons or 'Add numbers or categories.'}"
            )
        if self._suspects and len(self._suspects) < len(found.learned):
            found.questions = [self._question()]
            for column in self._suspects:
                found.apart[column] = replace(found.learned.pop(column), kind="left out")
        elif self._suspects:
            self.told += [Told("suspects_alone", column, why) for column, why in self._suspects.items()]
        found.findings = column_findings.findings(self.told)
        return found

    def _question(self) -> Question:
        """Ask about the suspicious columns; the report is made without them."""
        suspects = list(self._suspects)
        listed = some([f"{name(column)} {why}" for column, why in self._suspects.items()], NAMED)
        named = some(list(map(name, suspects)), NAMED)
        rest = len(self._found.learned) - len(suspects)
        return Question(
            code="suspicious_columns",
            text=f"{self._table.name} has columns that may be an index, or the target in other words: {listed}. "
            f"Whatever is known only together with the target teaches nothing about further samples: name it in "
            f"{IGNORE}. Name measurements in {USE}.",
            choices=[
                Choice(
                    options={IGNORE: [*self._config.ignore_columns, *suspects]},
                    consequence=f"Without {named}: {_columns(rest)} to learn from.",
                ),
                Choice(
                    options={USE: [*self._config.use_columns, *suspects]},
                    consequence=f"With {named}: {_columns(rest + len(suspects))} to learn from.",
                ),
            ],
        )


def _columns(count: int) -> str:
    return f"{count:,} column{'' if count == 1 else 's'}"


def _pictures(table: Table, column: str, held: str) -> SourceError:
    return SourceError(
        "source_path",
        f"{table.name} has {held} in its column {name(column)}, and a table is learned from numbers and categories. "
        "Save the pictures as image files, with a table of their names and labels beside them; or leave the column out "
        f"by {IGNORE}.",
    )


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
