"""Interpret the cells of a table: numbers, texts, or missing. Free of torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
MAX_CATEGORIES = 100


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
