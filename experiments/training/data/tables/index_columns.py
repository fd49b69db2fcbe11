"""Columns that number rows: by the names that programs give them, by their values, by the order of the rows."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

# What pandas, R, readr and Spark call a column of row numbers that nobody named: never a measurement.
_WRITTEN = re.compile(r"unnamed:? ?\d+(_level_\d+)?|__index_level_\d+__|level_\d+|\.\.\.\d+|row\.?names", re.IGNORECASE)
# What people and programs call one, and sometimes a measurement, too: it counts if its values number rows.
_NAMED = re.compile(
    r"X(\.\d+)?|V1|(?i:index|idx|rows?|row[ _.]?(id|index|no|nr|num|number)|_c0|column ?1|field1|#|n[or°]\.?"
    r"|s(erial|l|r)?\.?[ _]?no\.?|serial[ _]?number|lfd\.?[ _]?nr\.?|obs|observation|record)"
)
SPARSE = 3  # rows that were numbered, for each that is left, at most: others were taken out
ORDERED_FROM = 101  # rows: fewer may well be sorted by a measurement, without two equal ones


def is_written(name: str) -> bool:
    """Return whether a program gave this name to row numbers."""
    return bool(_WRITTEN.fullmatch(name))


def is_named(name: str) -> bool:
    """Return whether the name is one of row numbers, which a measurement may have, too."""
    return bool(_NAMED.fullmatch(name))


def numbers_rows(values: NDArray[np.float64]) -> bool:
    """Return whether the values are row numbers in any order: whole, all different, without large gaps."""
    if not len(values) or not np.isfinite(values).all() or (values != np.floor(values)).any():
        return False
    if values.min() < 0 or values.max() - values.min() >= SPARSE * len(values):
        return False
    return len(np.unique(values)) == len(values)


def follows_the_rows(values: NDArray[np.float64]) -> bool:
    """Return whether whole numbers rise or fall from each row to the next, in enough rows for that to be no chance."""
    if len(values) < ORDERED_FROM or not _is_ordered(values[:ORDERED_FROM]):
        return False
    return _is_ordered(values) and bool((values == np.floor(values)).all())


def _is_ordered(values: NDArray[np.float64]) -> bool:
    steps = np.diff(values)
    return bool((steps > 0).all() or (steps < 0).all())
