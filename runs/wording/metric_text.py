"""The value of a metric or statistic as people read it, by the metric's name. Pure.

Shares are percentages, scores have three decimals, counts none; what else there is, losses above all, has four
significant digits. The pages' copy is `realtime/static/realtime/frame/metric_text.js`; a test compares the two.
"""

from __future__ import annotations

import math
import re

from runs.statistics.metric_names import is_count
from runs.wording.number_text import UNKNOWN, known, number, percent, percent_range, score

SHARES = (
    *("acc", "accuracy", "balanced_accuracy", "f1", "f1_score", "fbeta_score"),
    *("negative_predictive_value", "npv", "precision", "recall", "sensitivity", "specificity"),
)
"""Measures that are shares; a run may add a word to the names of those that it adds."""
SCORES = (
    *("auroc", "average_precision", "brier", "calibration_error", "cohen_kappa", "ece", "jaccard_index"),
    *("matthews_corrcoef", "mcc"),
)
"""Measures between -1 and 1 that are no shares."""
_MEASURE = re.compile(r"^(?:(?:train|val|test|final)_)?(.*?)(?:_cm)?(?:/.*)?$", re.DOTALL)


def metric_value(name: str, value: float | None) -> str:
    """Write the value of a metric."""
    if is_count(name):
        return UNKNOWN if value is None or not known(value) else f"{math.floor(value + 0.5):,}"
    if is_share(name):
        return percent(value)
    return score(value) if _is_one_of(name, SCORES) else number(value)


def metric_range(name: str, low: float | None, high: float | None) -> str:
    """Write the range of a metric; nothing where an end is unknown."""
    if is_share(name):
        return percent_range(low, high)
    if low is None or high is None or not (known(low) and known(high)):
        return ""
    return f"{metric_value(name, low)} to {metric_value(name, high)}"


def with_interval(name: str, value: float | None, low: float | None, high: float | None) -> str:
    """Write a value of that name with its interval, as in `0.912 (0.874 to 0.941)`; alone where an end is unknown."""
    between = metric_range(name, low, high)
    return f"{metric_value(name, value)} ({between})" if between else metric_value(name, value)


def is_share(name: str) -> bool:
    """Return whether a metric is a share, which is written as a percentage."""
    return not is_count(name) and _is_one_of(name, SHARES)


def _is_one_of(name: str, measures: tuple[str, ...]) -> bool:
    found = _MEASURE.match(name)
    return found is not None and any(f"{found[1]}_".startswith(f"{measure}_") for measure in measures)
