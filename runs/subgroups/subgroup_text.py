"""Say in words which group is worse than the others, and what is not shown. Brings NumPy."""

from __future__ import annotations

from runs.statistics.subgroups.group_comparison import FEWEST, Comparison, Group
from runs.statistics.subgroups.group_differences import Difference, Metric
from runs.wording.difference_text import p_value, signed_range
from runs.wording.metric_text import is_share, metric_value
from runs.wording.number_text import fixed

METRICS: dict[Metric, str] = {
    "auroc": "AUROC",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "accuracy": "accuracy",
}


def verdict(found: Comparison) -> str:
    """Say whether one group is shown to be worse than all other samples."""
    if not found.comparisons:
        return f"Nothing is compared: no group and its rest have {FEWEST} samples each, of both kinds."
    if found.worst is None:
        return (
            f"No group is shown to be worse than the others in {METRICS[found.metric]}, after Holm's correction for "
            f"{_times(found.comparisons)}. This does not show that the groups are alike: small ones differ by chance."
        )
    return _worse(found.groups[found.worst], found)


def _worse(group: Group, found: Comparison) -> str:
    difference = group.difference
    if difference is None:  # the worst is one of those that are compared
        raise ValueError(group.name)
    others = sum(each.worse_by is not None for each in found.groups) - 1
    also = (
        f" So are {others} other groups, by less." if others > 1 else " So is 1 other group, by less." if others else ""
    )
    return (
        f"Worst group: {group.name} ({group.column}). Its {METRICS[found.metric]} is {_size(found.metric, difference)} "
        f"below that of all other samples (95 % CI of the difference {_range(found.metric, difference)}; "
        f"{p_text(group.adjusted)} after Holm's correction for {_times(found.comparisons)}).{also}"
    )


def _size(metric: Metric, difference: Difference) -> str:
    """Write how much worse it is: of shares in percentage points."""
    size = -difference.value
    return f"{fixed(100 * size, 1)} percentage points" if is_share(metric) else metric_value(metric, size)


def _range(metric: Metric, difference: Difference) -> str:
    return signed_range(metric, difference.low, difference.high)


def _times(comparisons: int) -> str:
    return "1 comparison" if comparisons == 1 else f"{comparisons} comparisons"


def p_text(p: float | None) -> str:
    """Write a p value as an equation, or as below or above what it is rounded to."""
    if p is None:
        return "p unknown"
    written = p_value(p)
    return f"p {written[0]} {written[1:]}" if written[0] in "<>" else f"p = {written}"
