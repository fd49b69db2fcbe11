"""What the search for each column has in common: the named one, the question about several, the refusal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, HowFound, Question
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.columns import column_names
from experiments.training.data.columns.table_view import TableView

SHOWN = 20  # columns of a table that a refusal names
LETTERS = 40  # of a cell that a question shows


class Found(NamedTuple):
    """A column and how it was found, both None where there is none, with the questions about it."""

    column: str | None = None
    how: HowFound | None = None
    questions: Sequence[Question] = ()


def as_asked(field: str, view: TableView, config: DataConfig) -> Found | None:
    """Return the column that the request names, or that has the default name; None where neither is there.

    Raises SourceError for a name that was chosen and is not there: it is meant, and no other replaces it.
    """
    asked = getattr(config, field)
    if asked is None:
        return None
    chosen = asked != DataConfig.model_fields[field].default
    if asked in view.header:
        return Found(asked, "named" if chosen else "exact")
    if not chosen:
        return None
    if alike := column_names.among([asked], view.header):
        return Found(only(field, view, alike), "named")
    raise missing(field, view, asked)


def missing(field: str, view: TableView, asked: str, accepted: Iterable[str] = ()) -> SourceError:
    """Make the refusal of a table without the column, which lists what is there and what would be accepted."""
    names = list(accepted)
    others = f" ({', '.join(names)} are accepted, in any case, with blanks or without)" if names else ""
    listed = some([repr(column) for column in view.header], SHOWN)
    return SourceError(
        f"data.{field}",
        f"{view.name} has no column {asked!r}{others}; it has {listed}. Rename one, or name it here.",
        column_names.that_can_be_named(view.header),
    )


def ask(field: str, view: TableView, columns: Sequence[str], role: str, *further: Choice) -> Question:
    """Ask which of the columns has the role, in words such as "the target"; `further` choices come last."""
    described = some([f"column {column!r} ({cells(view, column)})" for column in columns], 8)
    also = "".join(
        f", or {option} to {_json(answer)}" for choice in further for option, answer in choice.options.items()
    )
    if len(columns) == 1:
        text = f"In {view.name}, {described} may be {role}: set data.{field} to {columns[0]!r} if it is{also}."
    else:
        text = f"In {view.name}, each of {described} may be {role}: set data.{field} to the one that is{also}."
    choices = [
        Choice(options={f"data.{field}": column}, consequence=f"Column {column!r} is {role}: {cells(view, column)}.")
        for column in columns
    ]
    return Question(code=field, text=text, choices=[*choices, *further])


def _json(value: object) -> str:
    return "null" if value is None else str(value)


def cells(view: TableView, column: str) -> str:
    """Describe in words what the first cells of a column hold."""
    counts = Counter(filter(None, view.first(column)))
    if not counts:
        return "no values yet seen"
    return some([cell[:LETTERS] for cell, _ in counts.most_common()])


def only(field: str, view: TableView, columns: Sequence[str]) -> str:
    """Return the one column; raises SourceError for several, of which the request must name one."""
    if len(columns) > 1:
        listed = some([repr(column) for column in columns], SHOWN)
        raise SourceError(
            f"data.{field}", f"{view.name} has several columns that it could be: {listed}; name one here.", columns
        )
    return columns[0]
