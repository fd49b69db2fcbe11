"""Recognise dates that are written as numbers: 20150312 and 12032015 are days, and no sizes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEWEST = 5  # different dates: whole numbers of any other kind are not all dates by chance
YEARS = (1900, 2100)
FORMS = (8, 12, 14)  # digits: the day alone, with hours and minutes, with seconds too
LEAST = 10 ** (FORMS[0] - 2)
LOOKED_AT = 1_000
HOURS, SIXTY = 24, 60
DAYS, MONTHS = 31, 12


def are_dates(values: NDArray[np.float64]) -> bool:
    """Return whether all known values are days such as 20150312 or 12032015, or moments such as 20150312093000."""
    first = values[:LOOKED_AT]
    if not _may_be_dates(first[~np.isnan(first)]):  # quick, and nearly always the answer
        return False
    known = values[~np.isnan(values)]
    return _may_be_dates(known) and len(np.unique(known)) >= FEWEST


def _may_be_dates(known: NDArray[np.float64]) -> bool:
    if not len(known):
        return True
    if known.min() < LEAST or known.max() >= 10 ** FORMS[-1] or (known != np.floor(known)).any():
        return False
    different = np.unique(known).astype(np.int64)
    return _begin_with_years(different) or _end_with_years(different)


def _begin_with_years(values: NDArray[np.int64]) -> bool:
    digits = len(str(values[-1]))
    if digits not in FORMS or len(str(values[0])) != digits:
        return False
    days, times = np.divmod(values, 10 ** (digits - FORMS[0]))
    in_years = (
        _within(days // 10_000, *YEARS) and _within(days // 100 % 100, 1, MONTHS) and _within(days % 100, 1, DAYS)
    )
    return in_years and _are_times(times * 10 ** (FORMS[-1] - digits if digits > FORMS[0] else 0))


def _end_with_years(values: NDArray[np.int64]) -> bool:
    """Return whether the numbers are days, or months, before the other one and the year; a zero in front is lost."""
    first, second = values // 1_000_000, values // 10_000 % 100
    if values[-1] >= 10 ** FORMS[0] or not _within(values % 10_000, *YEARS):
        return False
    return any(_within(first, 1, one) and _within(second, 1, other) for one, other in ((DAYS, MONTHS), (MONTHS, DAYS)))


def _are_times(times: NDArray[np.int64]) -> bool:
    """Return whether the numbers are hours, minutes and seconds, two digits each."""
    hours, minutes, seconds = times // 10_000, times // 100 % 100, times % 100
    return _within(hours, 0, HOURS - 1) and _within(minutes, 0, SIXTY - 1) and _within(seconds, 0, SIXTY - 1)


def _within(values: NDArray[np.int64], least: int, most: int) -> bool:
    return bool(((values >= least) & (values <= most)).all())
