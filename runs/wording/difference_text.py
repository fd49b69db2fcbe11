"""Differences and p values as people read them: of shares in percentage points, of scores with three decimals. Pure.

The pages' copy is `realtime/static/realtime/frame/signed_text.js`; a test compares the two.
"""

from __future__ import annotations

import re

from runs.wording.metric_text import is_share, metric_range, metric_value
from runs.wording.number_text import UNKNOWN, fixed, known, score

_NOTHING = 1e-12  # of a share
_ZERO = re.compile(r"-?0\.0")


def p_value(p: float | None) -> str:
    """Write a p value with three decimals, never as 0; what is below 5 % never reads as 5 %."""
    if p is None or not known(p):
        return UNKNOWN
    if p < 0.001:
        return "<0.001"
    return "<0.050" if p < 0.05 and score(p) == "0.050" else score(p)


def signed(name: str, value: float | None) -> str:
    """Write a difference with its sign; of shares in percentage points."""
    if value is None or not known(value):
        return UNKNOWN
    text = _points(value) if is_share(name) else metric_value(name, value)
    plus = "+" if text[0].isdigit() and re.search("[1-9]", text) else ""
    return f"{plus}{text}{' points' if is_share(name) else ''}"


def signed_range(name: str, low: float | None, high: float | None) -> str:
    """Write the interval of a difference; nothing where it has no ends."""
    if not is_share(name):
        return metric_range(name, low, high)
    if low is None or high is None or not (known(low) and known(high)):
        return ""
    return f"{_points(low)} to {_points(high)}"


def _points(value: float) -> str:
    """Write a share in percentage points: 0.0 is none."""
    text = fixed(100 * value, 1)
    if not _ZERO.fullmatch(text):
        return text
    return "0.0" if abs(value) <= _NOTHING else "<0.1" if value > 0 else ">-0.1"
