"""Serve curves: x and y, cut to a range and thinned to a number of points."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from runs.curves.reading import Samples
from runs.curves.sampled_events import BY_EPOCH, BY_STEP, BY_TIME, SampledEvent, sampled_event_of
from runs.curves.tables import Column, Numbers
from runs.curves.thinning import gaps_of, thin
from runs.curves.window import NoAxis, Window

EPOCHS = "epoch_end"


class Curve(NamedTuple):
    """All samples of a curve in a range, with the one on either side of it, so that a line reaches its edges.

    Attributes:
        name: with its prefix.
        x: the places on the axis, ascending.
        y: the values, NaN where one is not known.
        total: how many samples are in the range itself.
        nonfinite: how many of those are not known.
        gaps: marks the values that are not known; None where all are.
    """

    name: str
    x: Numbers
    y: Numbers
    total: int
    nonfinite: int
    gaps: NDArray[np.bool_] | None


def series_of(samples: Samples, patterns: Sequence[str], window: Window) -> list[dict[str, Any]]:
    """Return the curves of those names, thinned, as `curves_of` finds them. Raises NoAxis."""
    return [_thinned(curve, window) for curve in curves_of(samples, patterns, window)]


def curves_of(samples: Samples, patterns: Sequence[str], window: Window) -> list[Curve]:
    """Return the curves of those names, in the order asked for; a name ending in `*` means all that start with it.

    A name without a sample (yet) gives an empty curve. A `*` gives only curves that have samples and a position on the
    axis; a curve asked for by name that has none raises `NoAxis`.
    """
    listed = samples.names() if any(pattern.endswith("*") for pattern in patterns) else []
    wanted = {pattern: pattern for pattern in patterns if not pattern.endswith("*")}
    for pattern in patterns:
        if pattern.endswith("*"):
            wanted |= {name: wanted.get(name, pattern) for name in listed if name.startswith(pattern[:-1])}
    named = {name for name, pattern in wanted.items() if not pattern.endswith("*")}
    found = {curve.name: curve for curve in _curves(samples, wanted, window, named)}
    order = sorted(found, key=lambda name: patterns.index(wanted[name]))
    return [found[name] for name in order if len(found[name].x) or name in named]


def _curves(samples: Samples, wanted: Iterable[str], window: Window, named: Collection[str]) -> Iterator[Curve]:
    """Yield the curves by event type, as those of one type share the columns of their axis."""
    by_event: dict[str, tuple[SampledEvent, list[str]]] = {}
    for name in wanted:
        sampled, rest = sampled_event_of(name)
        by_event.setdefault(sampled.type, (sampled, []))[1].append(rest)
    for sampled, names in by_event.values():
        try:
            axis = _axis(samples, sampled, window.by)
        except NoAxis:
            if any(f"{sampled.prefix}/{name}" in named for name in names):
                raise
            continue
        columns, valid = samples.columns(sampled, [f"/{name}" for name in names]), samples.valid_rows(sampled)
        for name in names:
            yield _cut(f"{sampled.prefix}/{name}", *_points(columns[f"/{name}"], axis, valid), window)


def _points(column: Column, axis: Numbers, valid: Any) -> tuple[Numbers, Numbers]:
    """Return x and y in the order of x, without void samples."""
    x, y = (axis if column.rows is None else axis[column.rows]), column.values
    if valid is not None:
        kept = valid if column.rows is None else valid[column.rows]
        x, y = x[kept], y[kept]
    if bool((x[1:] < x[:-1]).any()):  # a clock that was set back
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
    return x, y


def _cut(name: str, x: Numbers, y: Numbers, window: Window) -> Curve:
    """Cut one curve to the range."""
    low = 0 if window.low is None else int(np.searchsorted(x, window.low, "left"))
    high = len(x) if window.high is None else int(np.searchsorted(x, window.high, "right"))
    total, first = max(0, high - low), max(0, low - 1)
    shown = slice(first, min(len(x), high + 1))
    gaps = gaps_of(y[shown])
    nonfinite = 0 if gaps is None else int(np.count_nonzero(gaps[low - first :][:total]))
    return Curve(name, x[shown], y[shown], total, nonfinite, gaps)


def _thinned(curve: Curve, window: Window) -> dict[str, Any]:
    """Thin one curve to so many points."""
    x, y = curve.x, curve.y
    exact = len(x) <= window.points
    if not exact:
        span = (x[0] if window.low is None else window.low, x[-1] if window.high is None else window.high)
        kept = thin(x, y, window.points, curve.gaps, span)
        x, y = x[kept], y[kept]
    return {
        "name": curve.name,
        "x": x.tolist(),
        "y": y.tolist(),
        "exact": exact,
        "total": curve.total,
        "nonfinite": curve.nonfinite,
    }


def _axis(samples: Samples, sampled: SampledEvent, by: str) -> Numbers:
    """Return each row's position: its step, its time in seconds since 1970, or its epoch.

    Samples within an epoch get a fractional epoch: step / steps per epoch. An epoch's own numbers stand at the epoch's
    number, and by step at its last step. Raises NoAxis.
    """
    if by == BY_TIME:
        return samples.columns(sampled, ["time"])["time"].values / 1e6
    if by == BY_STEP and "step" in sampled.base:
        return samples.columns(sampled, ["step"])["step"].values
    if by == BY_EPOCH and sampled.type == EPOCHS:
        return samples.columns(sampled, ["epoch"])["epoch"].values
    if "epoch" not in sampled.base:
        raise NoAxis(f"{sampled.prefix}/… has neither step nor epoch; ask for it with by=time.")
    rate = _steps_per_epoch(samples, sampled)
    if by == BY_STEP:
        return (samples.columns(sampled, ["epoch"])["epoch"].values + 1) * rate
    return samples.columns(sampled, ["step"])["step"].values / rate


def _steps_per_epoch(samples: Samples, sampled: SampledEvent) -> Numbers:
    """Return the steps per epoch for each row, as its attempt's start gave them. Raises NoAxis."""
    starts = samples.starts
    seqs = samples.columns(sampled, ["seq"])["seq"].values
    if not len(seqs):
        return np.empty(0)
    rates = [start.steps_per_epoch for start in starts]
    if not starts or None in rates:
        other = BY_EPOCH if sampled.type == EPOCHS else BY_STEP
        raise NoAxis(
            f"Run {samples.run.pk} does not record its steps per epoch; ask for {sampled.prefix}/… with by={other}."
        )
    attempt = np.maximum(np.searchsorted([start.seq for start in starts], seqs) - 1, 0)
    return np.array(rates, np.float64)[attempt]


def answer(samples: Samples, patterns: Sequence[str] | None, window: Window) -> dict[str, Any]:
    """Build the answer for one run: its curves, or without `patterns` their names. Raises NoAxis."""
    found = {"names": samples.names()} if patterns is None else {"series": series_of(samples, patterns, window)}
    return {**head_of(samples, window.by), **found}


def head_of(samples: Samples, by: str) -> dict[str, Any]:
    """Say of which run and moment curves are; `started` is when its first training began, on the axis by=time."""
    starts = samples.starts
    return {
        "run_id": samples.run.pk,
        "status": samples.run.status,
        "last_seq": samples.last_seq,
        "by": by,
        "started": starts[0].time / 1e6 if starts else None,
    }
