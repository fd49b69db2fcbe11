"""Curves of a run, every sample of them."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, MutableSequence, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from livetrain import binary_curves
from livetrain.errors import LivetrainError
from livetrain.operations.runs import RUNS, get
from livetrain.wire import Operation, Parameters, Request, ask

MOST = 100_000  # samples of a curve in one answer, where the server writes JSON
FILLED = 0.9  # how full an answer of a part should be: samples are not spread evenly
ACCEPTED = {"Accept": f"{binary_curves.MEDIA_TYPE}, */*;q=0.5"}
"""JSON is not named: of two types the server would choose its own favourite, whatever `q` says."""


class Curve(NamedTuple):
    """Samples along an axis; in `y` NaN or `None` where the value is not known."""

    name: str
    x: Sequence[float]
    y: Sequence[float | None]


class _Part(NamedTuple):
    """What an answer has of a curve: all samples, or only from where to where they reach and how many there are."""

    curve: Curve
    exact: bool
    total: int
    first: float
    last: float
    most: int
    """Samples in one answer of this server."""


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
    first = yield from _asked(path, {"name": ",".join(names), "by": by}, patience)
    found = []
    for one in first:
        found.append(one.curve if one.exact else (yield from _in_parts(path, one, by, patience)))
    return found


def _asked(path: str, parameters: Parameters, patience: float) -> Operation[list[_Part]]:
    """Ask for all samples, as binary numbers where the server writes those."""
    answer = yield from ask(
        Request("GET", path, {**parameters, "points": MOST}, headers=ACCEPTED, seconds=60), patience
    )
    if answer.headers.get("content-type") == binary_curves.MEDIA_TYPE:
        return [
            _Part(
                Curve(one.name, one.x, one.y), one.exact, one.total, one.first or 0, one.last or 0, binary_curves.MOST
            )
            for one in binary_curves.curves_in(answer.content)
        ]
    return [_part_of(one) for one in answer.json()["series"]]


def _part_of(one: Mapping[str, Any]) -> _Part:
    """Take a curve of a JSON answer: of one that is not whole, points from its first to its last sample."""
    x = one["x"]
    first, last = (x[0], x[-1]) if x else (0, 0)
    return _Part(Curve(one["name"], x, one["y"]), one["exact"], one["total"], first, last, MOST)


def _in_parts(path: str, whole: _Part, by: str, patience: float) -> Operation[Curve]:
    """Ask for parts of the axis, a part that is still too long again in parts of its own."""
    name, (_, empty_x, empty_y) = whole.curve.name, whole.curve
    xs: MutableSequence[float] = _none_of(empty_x)
    ys: MutableSequence[float | None] = _none_of(empty_y)
    parts = _split(whole.first, math.nextafter(whole.last, math.inf), whole.total, whole.most)
    while parts:
        low, high = parts.pop(0)
        [part] = yield from _asked(path, {"name": name, "by": by, "from": low, "to": high}, patience)
        if not part.exact and low < math.nextafter(high, -math.inf):
            parts = _split(low, high, max(part.total, 2 * part.most), part.most) + parts
            continue
        if part.total and not part.curve.x:
            raise LivetrainError(f"{name} has more samples at {low:g} than an answer can hold: {part.total}.")
        # The samples on either side are those of other parts.
        inside = slice(bisect_left(part.curve.x, low), bisect_left(part.curve.x, high))
        xs.extend(part.curve.x[inside])
        ys.extend(part.curve.y[inside])
    return Curve(name, xs, ys)


def _none_of(samples: Sequence[Any]) -> Any:
    """Return an empty list, or an empty array of the same numbers."""
    return samples[:0]


def _split(low: float, high: float, total: int, most: int) -> list[tuple[float, float]]:
    count = math.ceil(total / (FILLED * most))
    ends = [low + (high - low) * place / count for place in range(count)] + [high]
    return list(pairwise(ends))
