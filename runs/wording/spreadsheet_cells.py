"""Write CSV that people open in a spreadsheet: no text in it becomes a formula there. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Cell: TypeAlias = str | float | int | None
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How texts begin that a spreadsheet would calculate, or cut off."""


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Write rows below a head; unknown is an empty cell, and numbers have all their digits."""
    return "".join(map(csv_line, (head, *rows)))


def csv_line(cells: Sequence[Cell]) -> str:
    """Write one row."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([neutral(cell) if isinstance(cell, str) else cell for cell in cells])
    return text.getvalue()


def neutral(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) or text.startswith(FORMULA_STARTS) else text
