"""Write CSV that people open in a spreadsheet: no text in it becomes a formula there. Pure.

Every CSV file that people get goes through here, whichever library writes it. What programs need exactly as it is
stands in Parquet and JSON; `original` gives back what `neutral` changed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Cell: TypeAlias = str | float | int | None
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How texts begin that a spreadsheet would calculate, or cut off; some read the full-width signs alike."""
LEADING = " '"
"""What may stand before them: a spreadsheet drops spaces, and an apostrophe must not look like one of ours."""


def csv_text(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Write rows below a head; unknown is an empty cell, and numbers have all their digits."""
    return csv_rows([head]) + csv_rows(rows)


def csv_line(cells: Sequence[Cell]) -> str:
    """Write one row."""
    return csv_rows([cells])


def csv_rows(rows: Iterable[Sequence[Cell]]) -> str:
    """Write rows without a head."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [neutral(cell) if isinstance(cell, str) else cell for cell in cells] for cells in rows
    )
    return text.getvalue()


def neutral(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula."""
    return f"'{text}" if _is_formula(text) else text


def original(text: str) -> str:
    """Return the text of which `neutral` made this one."""
    return text[1:] if text.startswith("'") and _is_formula(text[1:]) else text


def _is_formula(text: str) -> bool:
    return text.lstrip(LEADING).startswith(FORMULA_STARTS)
