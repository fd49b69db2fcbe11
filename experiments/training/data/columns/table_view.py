"""Look at a table before it is read: its name, its header, and the cells of the columns that matter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

FIRST = 200  # rows that show what a column holds


@dataclass(frozen=True)
class TableView:
    """A table by name and header; `first` returns the first cells of a column, as texts, `whole` all of them.

    Both return blanks where a row has no such cell.
    """

    name: str
    header: Sequence[str]
    first: Callable[[str], Sequence[str]]
    whole: Callable[[str], Sequence[str]]

    def named(self, column: str) -> str:
        """Name a column of the table in words."""
        return f"column {column!r} of {self.name}"


def of_header(name: str, header: Sequence[str]) -> TableView:
    """View a table of which nothing but the header is known."""
    return TableView(name, header, lambda _: (), lambda _: ())
