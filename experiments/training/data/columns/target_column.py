"""Find the column with the classes."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from experiments.training.contract.config import DataConfig
from experiments.training.data.columns import column_names, column_questions
from experiments.training.data.columns.column_questions import Found
from experiments.training.data.columns.table_view import TableView

FIELD = "target_column"
MOST_GUESSED = 10  # columns among which is asked for the target, where no name says which it is
FEWEST_ROWS_EACH = 2  # of the first ones, for each different value of such a column
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def find(view: TableView, config: DataConfig) -> Found:
    """Find the target: as named, by the default name, or by the one common name; rivals become a question.

    Raises SourceError where no column can be it.
    """
    if asked := column_questions.as_asked(FIELD, view, config):
        return asked
    certain = column_names.among(column_names.TARGETS, view.header)
    likely = _likely(view, taken=certain)
    if len(certain) == 1 and not likely:
        return Found(certain[0], "alias")
    candidates = [*certain, *likely] or column_names.among(column_names.POSSIBLE_TARGETS, view.header)
    if not candidates:
        raise column_questions.missing(FIELD, view, config.target_column, column_names.TARGETS)
    question = column_questions.ask(FIELD, view, candidates, "the target")
    return Found(candidates[0], "alias", [question])


def guess(view: TableView, taken: Collection[str | None]) -> Found:
    """Ask for the target where no column is called so: those with a few different values may be it.

    Columns with a word such as `grade` in their names come first. Raises SourceError if there is none, or too many.
    """
    other_roles = (*column_names.IMAGES, *column_names.IDS, *column_names.PERSONS, *column_names.PARTS_OF_PERSONS)
    known = {*taken, *column_names.among((*other_roles, *column_names.SPLITS), view.header)}
    found = [column for column in view.header if column and column not in known and _may_be_labels(view.first(column))]
    if not 0 < len(found) <= MOST_GUESSED:
        raise column_questions.missing(FIELD, view, "Target", column_names.TARGETS)
    words = set(column_names.POSSIBLE_TARGETS) | set(column_names.LIKELY_TARGETS)
    found.sort(key=lambda column: words.isdisjoint(_words(column)))
    return Found(found[0], "pattern", [column_questions.ask(FIELD, view, found, "the target")])


def _may_be_labels(cells: Sequence[str]) -> bool:
    different = len(set(filter(None, cells)))
    return different > 1 and different * FEWEST_ROWS_EACH <= len(cells)


def _likely(view: TableView, taken: Collection[str]) -> list[str]:
    """List columns that are called like a target, and those with `label` or `class` among their words."""
    named = set(column_names.among(column_names.LIKELY_TARGETS, view.header))
    other_roles = (*column_names.IMAGES, *column_names.IDS, *column_names.PERSONS, *column_names.PERHAPS_PERSONS)
    named |= {column for column in view.header if set(_words(column)) & set(column_names.TARGETS)}
    named -= {*taken, *column_names.among(other_roles, view.header)}
    return [column for column in view.header if column in named]


def _words(name: str) -> list[str]:
    return [word.casefold() for word in _WORDS.findall(name)]
