"""Interpret the cells of a table: numbers, texts, or missing. Free of torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Cells: TypeAlias = Sequence[str] | NDArray[np.float64]
"""A column's texts, or its numbers."""

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
MAX_CATEGORIES = 100


def parse(cells: Cells) -> list[str] | NDArray[np.float64]:
    """Return a column's numbers, NaN for missing values and infinities, if it holds nothing else.

    Otherwise its texts, blank where they are missing.
    """
    if isinstance(cells, np.ndarray):
        return np.where(np.isfinite(cells), cells, np.nan)
    known = without_missing(cells)
    values = numbers(known)
    return known if values is None else values


def without_missing(cells: Sequence[str]) -> list[str]:
    """Return the cells with every spelling of a missing value replaced by a blank."""
    return ["" if cell.casefold() in MISSING else cell for cell in cells]


def numbers(cells: Sequence[str]) -> NDArray[np.float64] | None:
    """Parse cells as float64, NaN for blanks and infinities; None if any cell is not a number."""
    try:
        values = np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return None
    return np.where(np.isfinite(values), values, np.nan)
