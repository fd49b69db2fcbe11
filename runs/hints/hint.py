"""The form of a hint: one sentence about a run's health, and what to do about it. Pure."""

from __future__ import annotations

from typing import Literal, TypedDict

Severity = Literal["error", "warning", "info"]
"""error: the run cannot give a useful result as it is. warning: something is wrong. info: it could be better."""


class Hint(TypedDict):
    """One hint about a run.

    `code` names its kind and never changes; `text` says what was observed, with numbers, and `cure` what to do. `epoch`
    is the last epoch in which it was observed, `since` the first one that it holds for; both are null for a hint that
    belongs to no epoch (memory, the number of samples).
    """

    code: str
    severity: Severity
    text: str
    cure: str
    epoch: int | None
    since: int | None
