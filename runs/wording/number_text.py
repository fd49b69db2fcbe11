"""Numbers, sizes and times as people read them. Unknown is "–", never 0. Pure.

The pages write the same by `realtime/static/realtime/frame/format.js`; a test compares the two. Both round the exact
value of a float, ties away from zero: Python's own `round` and format codes take ties to the even digit.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal

UNKNOWN = "–"
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_NOTHING = 1e-12  # of a share: no count of samples gives less


def known(value: float | None) -> bool:
    """Return whether the value is a finite number."""
    return value is not None and math.isfinite(value)


def fixed(value: float, digits: int) -> str:
    """Write a number with that many decimals."""
    return f"{Decimal(value + 0.0).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, Context(prec=400)):f}"


def number(value: float | None) -> str:
    """Write a number with four decimals where they are significant, else with four significant digits."""
    if value is None or not known(value):
        return UNKNOWN
    size = abs(value)
    if value == 0 or 0.001 <= size < 100:
        return fixed(value, 4)
    if 100 <= size < 100_000:
        return fixed(value, 2 if size < 1000 else 1)
    return _exponential(value)


def score(value: float | None) -> str:
    """Write a score between -1 and 1 with three decimals: 1.000 is exactly 1, and 0.000 exactly 0."""
    if value is None or not known(value):
        return UNKNOWN
    size = abs(value)
    sign = "-" if value < 0 else ""
    if size > 1 + _NOTHING:
        return number(value)
    if size <= _NOTHING:
        return "0.000"
    if fixed(size, 3) == "0.000":
        return ">-0.001" if sign else "<0.001"
    if fixed(size, 3) == "1.000" and size < 1 - _NOTHING:
        return "<-0.999" if sign else ">0.999"
    return f"{sign}{fixed(size, 3)}"


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share as a percentage: 100 % is all of them, and 0 % none."""
    return UNKNOWN if share is None or not known(100 * share) else f"{_hundredths(share, digits)} %"


def percent_range(low: float | None, high: float | None) -> str:
    """Write the range of a share; nothing where an end is unknown."""
    if low is None or high is None or not (known(100 * low) and known(100 * high)):
        return ""
    return f"{_hundredths(low, 1)} to {percent(high)}"


def byte_size(length: float | None) -> str:
    """Write a size in bytes."""
    if length is None or not known(length):
        return UNKNOWN
    if length < 1024:
        return f"{int(length)} byte{'' if length == 1 else 's'}"
    power = 1
    while power < len(_UNITS) - 1 and float(fixed(length / 1024**power, 1)) >= 1024:
        power += 1
    return f"{fixed(length / 1024**power, 1)} {_UNITS[power]}"


def duration(seconds: float | None) -> str:
    """Write a time span, as fine as its size asks for."""
    if seconds is None or not known(seconds):
        return UNKNOWN
    if seconds < 9.95:
        return f"{fixed(seconds, 1)} s"
    total = math.floor(seconds + 0.5)
    hours, minutes, rest = total // 3600, total // 60 % 60, total % 60
    if hours >= 48:
        return f"{hours // 24} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def _hundredths(share: float, digits: int) -> str:
    """Write a share in hundredths; what is not quite nothing or all never reads as that."""
    written = fixed(100 * share, digits)
    least = fixed(10.0**-digits, digits)
    if share > _NOTHING and float(written) == 0:
        return f"<{least}"
    if share < 1 - _NOTHING and float(written) >= 100:
        return f">{fixed(100 - 10.0**-digits, digits)}"
    return written


def _exponential(value: float) -> str:
    """Write four significant digits and a power of ten, as in 1.235e5."""
    rounded = Context(prec=4, rounding=ROUND_HALF_UP).plus(Decimal(value))
    power = rounded.adjusted()
    return f"{rounded.scaleb(-power):.3f}e{power}"
