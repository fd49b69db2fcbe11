"""Turn rows of a table into what the network gets, with the columns, categories and constants of the run's training.

Columns are found by their names, in any order. A cell that is missing becomes what it was in training: of numbers the
training rows' median, of categories the category "missing" if the training had one. A category that the training rows
did not have sets none of the column's features, as one of the validation split alone did.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property

import msgspec
import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.training.contract.source_errors import some
from experiments.training.data.tables.contents import cells, number_forms
from experiments.training.data.tables.contents.cells import MISSING, MISSING_AMONG_NUMBERS
from experiments.training.data.tables.contents.number_forms import Decimal
from experiments.training.data.tables.formats.frame import Table
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.read_input import ReadInput
from experiments.training.prediction.stored_inputs import TableFeatures
from experiments.training.prediction.trained_model import TrainedModel

SHOWN = 60  # letters of a cell
INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})


class RowFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of a row: columns whose cells are missing, unknown categories by column, and columns not used."""

    missing: list[str]
    unknown: dict[str, str]
    unused: list[str]
    notes: list[str]


class Encoding:
    """Rows as they become features: `values` (rows, features), NaN where a number is missing.

    `problems`, `missing` and `unknown` are by the number of the row.
    """

    def __init__(self, rows: int, features: TableFeatures) -> None:
        self.features = features
        self.values = np.zeros((rows, len(features.features)))
        self.problems: dict[int, list[str]] = {}
        self.missing: dict[int, list[str]] = {}
        self.unknown: dict[int, dict[str, str]] = {}

    def take_numbers(self, column: str, values: NDArray[np.float64]) -> None:
        """Take a column of numbers, NaN where one is missing; infinite ones are missing, too."""
        [at] = self.features.columns[column]
        self.values[:, at] = np.where(np.isinf(values), np.nan, values)
        for row in np.flatnonzero(~np.isfinite(values)).tolist():
            self.missing.setdefault(row, []).append(column)

    def take_texts(self, column: str, texts: Sequence[object], decimal: Decimal | None) -> None:
        """Take the cells of a column; `decimal` is the sign of their file's numbers, None where each is of its own."""
        if self.is_number(column):
            values, wrong = numbers(texts, decimal)
            for row, problem in wrong.items():
                self.refuse(row, f"Column {column!r} {problem}")
            self.take_numbers(column, values)
        else:
            self._take_categories(column, texts)

    def is_number(self, column: str) -> bool:
        """Return whether the training read this column as numbers."""
        return self.features.features[self.features.columns[column][0]].kind == "number"

    def refuse(self, row: int, problem: str) -> None:
        """Note what is wrong with a row."""
        self.problems.setdefault(row, []).append(problem)

    def _take_categories(self, column: str, texts: Sequence[object]) -> None:
        places = {self.features.features[at].category or "": at for at in self.features.columns[column]}
        for row, cell in enumerate(texts):
            found = _category(cell, places)
            if found in places:
                self.values[row, places[found]] = 1.0
            if not found:
                self.missing.setdefault(row, []).append(column)
            elif found not in places:
                self.unknown.setdefault(row, {})[column] = found[:SHOWN]

    @cached_property
    def standardised(self) -> Tensor:
        """The rows with filled gaps, standardised with the training rows' constants; float32 (rows, features)."""
        values, of = self.values, self.features
        if of.single:
            values = values.astype(np.float32).astype(np.float64)
        filled = np.where(np.isnan(values), of.medians, values)
        return torch.from_numpy(((filled - of.means) / of.deviations).astype(np.float32))

    def inputs(self, names: Sequence[str], extra: Sequence[Sequence[str]], *, first: int = 0) -> list[ReadInput]:
        """Return one input for each row from the `first` on, so many as there are names.

        `extra` are the columns of each that the training's data did not have.
        """
        return [
            ReadInput(
                name=name,
                value=None if row in self.problems else self.standardised[row],
                problem=f"{name} was not read: {' '.join(self.problems[row])}" if row in self.problems else None,
                facts=msgspec.structs.asdict(self._facts(row, extra[row - first])),
            )
            for row, name in enumerate(names, first)
        ]

    def _facts(self, row: int, extra: Sequence[str]) -> RowFacts:
        missing, unknown = self.missing.get(row, []), self.unknown.get(row, {})
        return RowFacts(missing=missing, unknown=unknown, unused=list(extra), notes=list(_notes(missing, unknown)))


def read_rows(model: TrainedModel, rows: Sequence[Mapping[str, object]]) -> list[ReadInput]:
    """Read rows given as values, or texts, by the names of their columns; None and blanks are missing cells.

    A value is float32 (F,). What is wrong with one row is its `problem`, and changes nothing of the others. Raises
    ModelError if the model takes no rows.
    """
    features = features_of(model)
    encoding = Encoding(len(rows), features)
    cleaned = [{str(name).strip(): cell for name, cell in row.items()} for row in rows]
    for row, given in enumerate(cleaned):
        if lacking := [column for column in features.columns if column not in given]:
            encoding.refuse(row, missing_columns(lacking))
    for column in features.columns:
        encoding.take_texts(column, [given.get(column) for given in cleaned], None)
    known = _known(model)
    extra = [[name for name in given if name not in known] for given in cleaned]
    return encoding.inputs([f"row {number}" for number in range(1, len(rows) + 1)], extra)


def encoded(model: TrainedModel, table: Table) -> Encoding:
    """Read the rows of an opened table; raises SourceError for a file that cannot be read.

    Where columns are missing every row has that problem.
    """
    features = features_of(model)
    encoding = Encoding(table.rows, features)
    there = set(table.columns)
    lacking = [column for column in features.columns if column not in there]
    if lacking:
        for row in range(table.rows):
            encoding.refuse(row, missing_columns(lacking))
    wanted = [column for column in features.columns if column in there]
    as_numbers = [column for column in wanted if encoding.is_number(column)]
    for column, typed in table.typed(as_numbers):
        if typed.values is not None:
            encoding.take_numbers(column, typed.values)
        else:
            encoding.take_texts(column, table.texts(column), table.decimal)
    for column in wanted:
        if not encoding.is_number(column):
            encoding.take_texts(column, table.texts(column), table.decimal)
    return encoding


def unused(model: TrainedModel, columns: Collection[str]) -> list[str]:
    """List the columns that the training's data did not have, which change nothing."""
    known = _known(model)
    return [column for column in columns if column and column not in known]


def features_of(model: TrainedModel) -> TableFeatures:
    """Return the features of the model; raises ModelError if it takes no rows."""
    if model.inputs.table is None:
        raise ModelError("inputs", "The run learned from images: give it image files, not rows.")
    return model.inputs.table


def missing_columns(lacking: Sequence[str]) -> str:
    """Say which columns are not there, and what to do."""
    named = some([repr(column) for column in lacking], 5)
    return (
        f"{'A column is' if len(lacking) == 1 else 'Columns are'} missing that the run learned from: {named}. Add what "
        "is missing by its name, with blank cells where nothing is known."
    )


def numbers(texts: Sequence[object], decimal: Decimal | None) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Read cells as numbers, NaN where one is missing; the second part says by row what is no number.

    Numbers written as texts have the form that all of the column share, as far as one fits; by `decimal` where they
    leave it open, and where that is not known such a number is refused.
    """
    values, wrong, spelled = np.full(len(texts), np.nan), dict[int, str](), dict[int, str]()
    for row, cell in enumerate(texts):
        if isinstance(cell, (int, float)):
            values[row] = _as_float(cell)
        elif isinstance(cell, str) or cell is None:
            text = cells.text(cell)
            if text.lower() not in MISSING | MISSING_AMONG_NUMBERS | INFINITE:
                spelled[row] = text
        else:
            wrong[row] = f"holds a {type(cell).__name__}, and the run learned it as numbers; give a number or nothing."
    forms = _forms(list(dict.fromkeys(spelled.values())), decimal)
    for row, text in spelled.items():
        found = forms[text]
        if isinstance(found, str):
            wrong[row] = found
        else:
            values[row] = found
    return values, wrong


def _as_float(cell: float) -> float:
    try:
        return float(cell)
    except OverflowError:  # of whole numbers beyond all floats
        return float("inf")


def _forms(texts: Sequence[str], decimal: Decimal | None) -> dict[str, float | str]:
    """Read each text as a number, or say why it is none."""
    fitting = [text for text in texts if any(form.fits(pa.array([text])) for form in number_forms.FORMS)]
    together = number_forms.find(pa.array(fitting), decimal) if fitting and decimal else None
    found: dict[str, float | str] = {
        text: f"holds {text[:SHOWN]!r}, and the run learned it as numbers; write a number, or leave the cell blank."
        for text in texts
    }
    for text in fitting:
        own = together or number_forms.find(pa.array([text]), decimal or "point")
        if own is None or (own.open and decimal is None):
            found[text] = (
                f"holds {text[:SHOWN]!r}, which can be read as two numbers; write it with a decimal point alone."
            )
        else:
            found[text] = float(own.form.numbers(pa.array([text]))[0])
    return found


def _category(cell: object, places: Mapping[str, int]) -> str:
    """Return the category that a cell means: itself as a text, blank where it is missing.

    True and 2.0 are what the training's table may have spelled in other ways.
    """
    if isinstance(cell, float) and cell.is_integer() and cells.text(cell) not in places:
        return str(int(cell))
    if isinstance(cell, bool):
        return next(
            (form for form in (str(cell), str(cell).lower(), str(cell).upper()) if form in places), str(int(cell))
        )
    text = cells.text(cell)
    return "" if text.lower() in MISSING else text


def _notes(missing: Sequence[str], unknown: Mapping[str, str]) -> Iterator[str]:
    if missing:
        named = some([repr(column) for column in missing], 5)
        yield (
            f"Without a value: {named}. Numbers became the training rows' median, categories the one for missing "
            "cells, if the training had it."
        )
    for column, category in unknown.items():
        yield (
            f"Column {column!r} holds {category!r}, a category that the training rows did not have: it counts as none "
            "of those they had."
        )


def _known(model: TrainedModel) -> set[str]:
    """Return the columns of the training's table, as far as the run noted them, and those learned from."""
    reading = model.inputs.reading
    return {*reading.header, *features_of(model).columns, *(role.column for role in reading.columns)}
