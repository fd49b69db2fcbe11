"""What a hint is: one sentence about a run's health, and what to do about it. Pure."""

from __future__ import annotations

from typing import Literal, TypedDict

Severity = Literal["error", "warning", "info"]
"""error: nothing good can come of the run as it is. warning: something is wrong. info: something could be better."""


class Hint(TypedDict):
    """`code` names its kind and never changes; `text` says what was seen, with numbers, and `cure` what to do.

    `epoch` is the epoch in which it was seen last, `since` the first one that it holds for; both are null for what
    belongs to no epoch (memory, the number of samples).
    """

    code: str
    severity: Severity
    text: str
    cure: str
    epoch: int | None
    since: int | None


def shown(value: float) -> str:
    """A number in a sentence: three significant digits."""
    return f"{value:.3g}"


def percent(share: float) -> str:
    """A share in a sentence, as whole percent."""
    return f"{share:.0%}".replace("%", " %")
