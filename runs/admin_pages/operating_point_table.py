"""The operating points of a run as the admin shows them: one row for each point and split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runs.models import FinalResult
from runs.serializers import operating_points
from runs.statistics.metric_names import COUNTS
from runs.statistics.operating_points.point_names import STATISTICS
from runs.wording.metric_text import metric_range, metric_value

HEADS = ("Sensitivity", "Specificity", "Precision", "NPV", "TP", "TN", "FP", "FN")
"""Names of the columns of `PointRow.values`."""
_SPLITS = {"val": "validation", "test": "test"}


@dataclass(frozen=True, slots=True)
class PointRow:
    """What a threshold gives on one split, formatted; `values` are (head, value, interval), blank where it has none."""

    label: str
    threshold: str
    split: str
    values: list[tuple[str, str, str]]


def point_rows(results: Sequence[FinalResult]) -> tuple[list[PointRow], list[str]]:
    """Build the rows, and sentences: why a point has no threshold, and what shifts between the splits."""
    rows, sentences = [], []
    for point in operating_points(results) or ():
        for split in _SPLITS:
            if split in point["splits"]:
                rows.append(_row(point, split))
        told = [point["reason"]] if point["reason"] else [shift["text"] for shift in point["shifts"]]
        sentences += [f"{point['label']}: {text}" for text in told]
    return rows, sentences


def _row(point: Mapping[str, Any], split: str) -> PointRow:
    numbers = point["splits"][split]
    shares = [
        (
            metric_value(name, numbers[name]),
            metric_range(name, numbers[f"{name}_ci_low"], numbers[f"{name}_ci_high"]),
        )
        for name in STATISTICS
    ]
    counts = [(metric_value(name, numbers[name]), "") for name in COUNTS]
    values = [(head, *value) for head, value in zip(HEADS, shares + counts, strict=True)]
    return PointRow(point["label"], _threshold(point), _SPLITS[split], values)


def _threshold(point: Mapping[str, Any]) -> str:
    odds = point["log_odds"]
    return f"{point['threshold']:.6g}" if odds is None else f"logit {odds:.6g}"
