"""Numbers of a report as the pages show them: each with its 95 % interval where it has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runs.wording.metric_text import with_interval

AT_A_THRESHOLD = ("final_sensitivity", "final_specificity", "final_precision_cm", "final_npv")
"""The statistics that are told with a threshold."""


def stated(name: str, statistics: Mapping[str, Any], class_name: str = "") -> str:
    """Write a statistic with its interval: `0.912 (0.874 to 0.941)`."""
    return with_interval(name, *ends(name, statistics, class_name))


def ends(
    name: str, statistics: Mapping[str, Any], class_name: str = ""
) -> tuple[float | None, float | None, float | None]:
    """Return a stored statistic with the ends of its interval; None for what is unknown."""
    suffix = f"/{class_name}" if class_name else ""
    return tuple(statistics.get(f"{name}{end}{suffix}") for end in ("", "_ci_low", "_ci_high"))  # type: ignore[return-value]
