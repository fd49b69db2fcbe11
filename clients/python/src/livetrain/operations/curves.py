"""Curves of a run, every sample of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

from livetrain.operations.runs import RUNS, get
from livetrain.wire import Operation, Parameters

MOST = 100_000  # samples of a curve in one answer
FILLED = 0.9  # how full an answer of a part should be: samples are not spread evenly


class Curve(NamedTuple):
    """Samples along an axis, `None` in `y` where the value was not finite."""

    name: str
    x: list[float]
    y: list[float | None]


def history(run_id: int, patience: float) -> Operation[list[dict[str, Any]]]:
    """Return the values of each epoch: `name`, `split`, `epochs`, `values`."""
    found = yield from get(f"{RUNS}{run_id}/metrics/", patience, {"context": "epoch"}, seconds=60)
    return list(found["series"])


def curves(run_id: int, names: Iterable[str], by: str, patience: float) -> Operation[list[Curve]]:
    """Return curves with all their samples; those that one answer cannot hold are asked for in parts.

    Args:
        run_id: of which run.
        names: such as `batch/loss`; `batch/*` for all that begin so.
        by: `step`, `epoch` or `time`.
        patience: how many seconds a server that does not answer is asked again.
    """
    path = f"{RUNS}{run_id}/series/"
    first = yield from get(path, patience, {"name": ",".join(names), "by": by, "points": MOST}, seconds=60)
    found = []
    for one in first["series"]:
        if one["exact"]:
            found.append(Curve(one["name"], one["x"], one["y"]))
        else:
            found.append((yield from _in_parts(path, one, by, patience)))
    return found


def _in_parts(path: str, thinned: dict[str, Any], by: str, patience: float) -> Operation[Curve]:
    """Ask for parts of the axis, a part that is still too long again in parts of its own."""
    whole = Curve(thinned["name"], [], [])
    parts = _split(thinned["x"][0], math.nextafter(thinned["x"][-1], math.inf), thinned["total"])
    while parts:
        low, high = parts.pop(0)
        parameters: Parameters = {"name": whole.name, "by": by, "points": MOST, "from": low, "to": high}
        [part] = (yield from get(path, patience, parameters, seconds=60))["series"]
        if not part["exact"] and low < math.nextafter(high, -math.inf):
            parts = _split(low, high, max(part["total"], 2 * MOST)) + parts
            continue
        for x, y in zip(part["x"], part["y"], strict=True):
            if low <= x < high:  # the samples on either side are those of other parts
                whole.x.append(x)
                whole.y.append(y)
    return whole


def _split(low: float, high: float, total: int) -> list[tuple[float, float]]:
    count = math.ceil(total / (FILLED * MOST))
    ends = [low + (high - low) * place / count for place in range(count)] + [high]
    return list(pairwise(ends))
