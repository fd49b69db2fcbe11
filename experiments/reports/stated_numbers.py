"""Numbers of a report as the pages show them: each with its 95 % interval where it has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.reports.document import Cell
from runs.wording.metric_text import metric_range, metric_value

NO_INTERVAL = "no interval"


def stated(name: str, statistics: Mapping[str, Any], class_name: str = "") -> str:
    """Write a statistic with its interval: `0.912 (0.874 to 0.941)`."""
    return with_interval(name, *ends(name, statistics, class_name))


def with_interval(name: str, value: float | None, low: float | None, high: float | None) -> str:
    """Write a value of that name with its interval, alone where an end is unknown."""
    between = metric_range(name, low, high)
    return f"{metric_value(name, value)} ({between})" if between else metric_value(name, value)


def ends(
    name: str, statistics: Mapping[str, Any], class_name: str = ""
) -> tuple[float | None, float | None, float | None]:
    """Return a stored statistic with the ends of its interval; None for what is unknown."""
    suffix = f"/{class_name}" if class_name else ""
    return tuple(statistics.get(f"{name}{end}{suffix}") for end in ("", "_ci_low", "_ci_high"))  # type: ignore[return-value]


def as_cell(value: Any) -> Cell:
    """Return what a CSV file and JSON can hold of a value."""
    return value if value is None or isinstance(value, str | int | float) else str(value)
