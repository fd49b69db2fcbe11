"""Write groups as plain dicts, for answers and files. Pure."""

from __future__ import annotations

from typing import Any

from runs.statistics.subgroups.group_comparison import Comparison, Group


def comparison_json(found: Comparison) -> dict[str, Any]:
    """Return all groups, of how many comparisons, and the place of the worst."""
    return {
        "groups": [_group(group) for group in found.groups],
        "comparisons": found.comparisons,
        "worst": found.worst,
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "column": group.column,
        "group": group.name,
        "samples": group.samples,
        "patients": group.patients,
        "positives": group.positives,
        "too_small": group.too_small,
        "statistics": {
            name: {"value": value, "ci_low": low, "ci_high": high}
            for name, (value, (low, high)) in group.statistics.items()
        },
        "difference": _difference(group),
    }


def _difference(group: Group) -> dict[str, float | None] | None:
    found = group.difference
    if found is None:
        return None
    return {
        "value": found.value,
        "ci_low": found.low,
        "ci_high": found.high,
        "p": found.p,
        "p_holm": group.adjusted,
    }
