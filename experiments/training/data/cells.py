"""What the cells of a table say: numbers, texts, or nothing. Free of torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
MAX_CATEGORIES = 100


def without_missing(cells: Sequence[str]) -> list[str]:
    """The cells, blank where they say that there is nothing."""
    return ["" if cell.casefold() in MISSING else cell for cell in cells]


def numbers(cells: Sequence[str]) -> NDArray[np.float64] | None:
    """NaN for blanks and infinities; None if a cell is no number."""
    try:
        values = np.array([float(cell) if cell else np.nan for cell in cells])
    except ValueError:
        return None
    return np.where(np.isfinite(values), values, np.nan)
