"""Recognise dates that are written as numbers: 20150312 is a day, and no size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FEWEST = 5  # different dates: whole numbers of any other kind are not all dates by chance
YEARS = (1900, 2100)
FORMS = (8, 12, 14)  # digits: the day alone, with hours and minutes, with seconds too
HOURS, SIXTY = 24, 60


def are_dates(values: NDArray[np.float64]) -> bool:
    """Return whether all known values are days such as 20150312, or moments such as 20150312093000."""
    known = values[~np.isnan(values)]
    if not len(known) or known.min() < 10 ** (FORMS[0] - 1) or known.max() >= 10 ** FORMS[-1]:
        return False
    if (known != np.floor(known)).any():
        return False
    different = np.unique(known).astype(np.int64)
    digits = len(str(different[-1]))
    if len(different) < FEWEST or digits not in FORMS or len(str(different[0])) != digits:
        return False
    days, times = np.divmod(different, 10 ** (digits - FORMS[0]))
    return bool(_are_days(days).all() and _are_times(times, digits - FORMS[0]).all())


def _are_days(days: NDArray[np.int64]) -> NDArray[np.bool_]:
    years, months, day = days // 10_000, days // 100 % 100, days % 100
    in_range = (years >= YEARS[0]) & (years <= YEARS[1])
    found: NDArray[np.bool_] = in_range & (months >= 1) & (months <= 12) & (day >= 1) & (day <= 31)
    return found


def _are_times(times: NDArray[np.int64], digits: int) -> NDArray[np.bool_]:
    """Return which numbers of so many digits are hours, minutes and seconds."""
    seconds = times if digits == FORMS[2] - FORMS[0] else times * 100
    found: NDArray[np.bool_] = (seconds // 10_000 < HOURS) & (seconds // 100 % 100 < SIXTY) & (seconds % 100 < SIXTY)
    return found
