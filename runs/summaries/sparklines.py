"""Keep the small curve of a metric beside a run: at most 40 of its values, the extremes among them. Pure Python.

A curve grows value by value in bounded space: epochs fall into buckets of equal width, each of which keeps its lowest
and its highest value; when there are too many buckets, they are merged in pairs. So a spike of a single epoch is never
lost, however long the run, and reading a curve never reads the run's epochs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

BUCKETS = 19
MOST_VALUES = 2 * BUCKETS + 2
Point = Sequence[Any]  # [epoch, value]
Curve = dict[str, Any]
"""`{"width": epochs per bucket, "first": point, "last": point, "buckets": [[number, lowest, highest], …]}`: JSON."""


def grown(curve: Curve | None, epoch: int, value: float | None) -> Curve | None:
    """Return the curve with a value of a later epoch than all it has; unknown and infinite values are left out."""
    return extended(curve, [(epoch, value)])


def extended(curve: Curve | None, points: Iterable[tuple[int, float | None]]) -> Curve | None:
    """Return the curve with the values of later epochs, in their order, as if it had grown by one after the other."""
    known = [[epoch, value] for epoch, value in points if value is not None and math.isfinite(value)]
    if not known:
        return curve
    if curve is None:
        curve = {"width": 1, "first": known[0], "last": known[0], "buckets": []}
    width, buckets = curve["width"], [list(bucket) for bucket in curve["buckets"]]
    for point in known:
        _put(buckets, point[0] // width, point, point)
        while len(buckets) > BUCKETS:
            width *= 2
            buckets = _halved(buckets)
    return {"width": width, "first": curve["first"], "last": known[-1], "buckets": buckets}


def values(curve: Curve | None) -> list[float]:
    """Return at most `MOST_VALUES` in epoch order: the first, each bucket's lowest and highest, the last."""
    if curve is None:
        return []
    points = {curve["first"][0]: curve["first"][1], curve["last"][0]: curve["last"][1]}
    for _, lowest, highest in curve["buckets"]:
        points |= {lowest[0]: lowest[1], highest[0]: highest[1]}
    return [points[epoch] for epoch in sorted(points)]


def _put(buckets: list[list[Any]], number: int, lowest: Point, highest: Point) -> None:
    """Add points to the bucket of that number, which is the last one or a new one."""
    if not buckets or buckets[-1][0] != number:
        buckets.append([number, lowest, highest])
        return
    last = buckets[-1]
    if lowest[1] < last[1][1]:
        last[1] = lowest
    if highest[1] > last[2][1]:
        last[2] = highest


def _halved(buckets: list[list[Any]]) -> list[list[Any]]:
    """Merge the buckets in pairs."""
    fewer: list[list[Any]] = []
    for number, lowest, highest in buckets:
        _put(fewer, number // 2, lowest, highest)
    return fewer
