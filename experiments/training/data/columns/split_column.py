"""Find the column with the splits."""

from __future__ import annotations

from collections.abc import Collection

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice
from experiments.training.data.columns import column_names, column_questions
from experiments.training.data.columns.column_questions import Found
from experiments.training.data.columns.table_view import TableView
from experiments.training.data.files import split_names

FIELD = "split_column"
MADE = Choice(options={f"data.{FIELD}": None}, consequence="Splits are made here; that column gives none.")


def find(view: TableView, config: DataConfig, *, taken: Collection[str | None]) -> Found:
    """Find the splits: as named, by the default name, or by a question about a column of nothing but splits.

    Raises SourceError for a name that is not there.
    """
    if config.split_column is None:
        return Found()
    if asked := column_questions.as_asked(FIELD, view, config):
        return asked
    if alike := column_names.among(column_names.SPLITS, view.header, taken):
        return Found(column_questions.only(FIELD, view, alike), "alias")
    maybe = column_names.among(column_names.LIKELY_SPLITS, view.header, taken)
    found = [column for column in maybe if _are_splits(set(view.first(column)))]
    if not found:
        return Found()
    question = column_questions.ask(FIELD, view, found, "the split of each row", MADE)
    return Found(found[0], "pattern", [question])


def _are_splits(cells: Collection[str]) -> bool:
    return len(cells) > 1 and all(split_names.named(cell) for cell in cells)
