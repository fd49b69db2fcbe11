"""Curves as they are served: x and y, cut to a range and thinned to a number of points."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from runs.samples.kinds import BY_EPOCH, BY_STEP, BY_TIME, Kind, kind_of
from runs.samples.reading import Samples
from runs.samples.tables import Column, Numbers
from runs.samples.thinning import thin

EPOCHS = "epoch_end"


class NoAxis(Exception):
    """A curve does not know its place on that axis; the text says which axes it knows."""


@dataclass(frozen=True, slots=True)
class Window:
    """What of a curve is asked for: `low` and `high` (None: unbounded) are on the axis, both included."""

    by: str
    points: int
    low: float | None = None
    high: float | None = None


def series_of(samples: Samples, patterns: Sequence[str], window: Window) -> list[dict[str, Any]]:
    """The curves of those names, in the order asked for. A name ending in `*` means all that begin so.

    A name without a sample (yet) gives an empty curve. A `*` gives only curves that have samples and know their place
    on the axis; of a named one that does not, `NoAxis` is raised.
    """
    listed = samples.names() if any(pattern.endswith("*") for pattern in patterns) else []
    wanted = {pattern: pattern for pattern in patterns if not pattern.endswith("*")}
    for pattern in patterns:
        if pattern.endswith("*"):
            wanted |= {name: wanted.get(name, pattern) for name in listed if name.startswith(pattern[:-1])}
    named = {name for name, pattern in wanted.items() if not pattern.endswith("*")}
    found = {curve["name"]: curve for curve in _curves(samples, wanted, window, named)}
    order = sorted(found, key=lambda name: patterns.index(wanted[name]))
    return [found[name] for name in order if found[name]["x"] or name in named]


def _curves(
    samples: Samples, wanted: Iterable[str], window: Window, named: Collection[str]
) -> Iterator[dict[str, Any]]:
    """Kind by kind: the curves of one share the columns of their axis."""
    kinds: dict[str, tuple[Kind, list[str]]] = {}
    for name in wanted:
        kind, rest = kind_of(name)
        kinds.setdefault(kind.type, (kind, []))[1].append(rest)
    for kind, names in kinds.values():
        try:
            axis = _axis(samples, kind, window.by)
        except NoAxis:
            if any(f"{kind.prefix}/{name}" in named for name in names):
                raise
            continue
        columns, alive = samples.columns(kind, [f"/{name}" for name in names]), samples.alive(kind)
        for name in names:
            yield _curve(f"{kind.prefix}/{name}", *_points(columns[f"/{name}"], axis, alive), window)


def _points(column: Column, axis: Numbers, alive: Any) -> tuple[Numbers, Numbers]:
    """x and y in the order of x, without void samples."""
    x, y = (axis if column.rows is None else axis[column.rows]), column.values
    if alive is not None:
        kept = alive if column.rows is None else alive[column.rows]
        x, y = x[kept], y[kept]
    if len(x) > 1 and bool((np.diff(x) < 0).any()):  # a clock that was set back
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
    return x, y


def _curve(name: str, x: Numbers, y: Numbers, window: Window) -> dict[str, Any]:
    """With the sample on either side of the range, so that a line reaches its edges."""
    low = 0 if window.low is None else int(np.searchsorted(x, window.low, "left"))
    high = len(x) if window.high is None else int(np.searchsorted(x, window.high, "right"))
    total, gaps = max(0, high - low), int(np.count_nonzero(~np.isfinite(y[low:high])))
    shown = slice(max(0, low - 1), min(len(x), high + 1))
    x, y = x[shown], y[shown]
    span = None
    if len(x):
        span = (x[0] if window.low is None else window.low, x[-1] if window.high is None else window.high)
    kept = thin(x, y, window.points, span)
    exact = len(kept) == len(x)
    return {
        "name": name,
        "x": (x if exact else x[kept]).tolist(),
        "y": (y if exact else y[kept]).tolist(),
        "exact": exact,
        "total": total,
        "nonfinite": gaps,
    }


def _axis(samples: Samples, kind: Kind, by: str) -> Numbers:
    """Where each row of the kind stands: at its step; at its time, in seconds since 1970; at its epoch.

    The last is a fraction for samples within an epoch: step / steps of an epoch. An epoch's own numbers stand at the
    epoch's number, and by step at its last step.
    """
    if by == BY_TIME:
        return samples.columns(kind, ["time"])["time"].values / 1e6
    if by == BY_STEP and "step" in kind.base:
        return samples.columns(kind, ["step"])["step"].values
    if by == BY_EPOCH and kind.type == EPOCHS:
        return samples.columns(kind, ["epoch"])["epoch"].values
    if "epoch" not in kind.base:
        raise NoAxis(f"{kind.prefix}/… knows neither step nor epoch; ask for it with by=time.")
    rate = _steps_per_epoch(samples, kind)
    if by == BY_STEP:
        return (samples.columns(kind, ["epoch"])["epoch"].values + 1) * rate
    return samples.columns(kind, ["step"])["step"].values / rate


def _steps_per_epoch(samples: Samples, kind: Kind) -> Numbers:
    """For each row, as the attempt said that it belongs to."""
    starts = samples.starts
    seqs = samples.columns(kind, ["seq"])["seq"].values
    if not len(seqs):
        return np.empty(0)
    rates = [start.steps_per_epoch for start in starts]
    if not starts or None in rates:
        other = BY_EPOCH if kind.type == EPOCHS else BY_STEP
        raise NoAxis(
            f"Run {samples.run.pk} does not say how many steps an epoch has; ask for {kind.prefix}/… with by={other}."
        )
    attempt = np.maximum(np.searchsorted([start.seq for start in starts], seqs) - 1, 0)
    return np.array(rates, np.float64)[attempt]


def answer(samples: Samples, patterns: Sequence[str] | None, window: Window) -> dict[str, Any]:
    """One run's curves, or without `patterns` their names; `started` is when its first training began, by=time."""
    starts = samples.starts
    found = {"names": samples.names()} if patterns is None else {"series": series_of(samples, patterns, window)}
    return {
        "run_id": samples.run.pk,
        "status": samples.run.status,
        "last_seq": samples.last_seq,
        "by": window.by,
        "started": starts[0].time / 1e6 if starts else None,
        **found,
    }
