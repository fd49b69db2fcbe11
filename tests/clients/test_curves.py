"""Curves that no single answer can hold come whole."""

from __future__ import annotations

import random
from typing import Any

import pytest

from livetrain.operations import curves
from livetrain.wire import Answer, Request
from tests.clients.scripted import Scripted, answer


def serving(samples: list[tuple[float, float]]) -> Any:
    """Answer as the server does: at most 100,000 samples of a range, with one on either side, else thinned."""

    def series(request: Request) -> Answer:
        low, high = request.parameters.get("from"), request.parameters.get("to")
        inside = [
            place
            for place, (x, _) in enumerate(samples)
            if (low is None or x >= float(low)) and (high is None or x <= float(high))
        ]
        first, last = (inside[0], inside[-1]) if inside else (0, -1)
        chosen = samples[max(0, first - 1) : last + 2]
        exact = len(chosen) <= curves.MOST
        shown = chosen if exact else chosen[:: len(chosen) // 1_000] + chosen[-1:]
        return answer(
            {
                "series": [
                    {
                        "name": "batch/loss",
                        "x": [x for x, _ in shown],
                        "y": [y for _, y in shown],
                        "exact": exact,
                        "total": len(inside),
                    }
                ]
            }
        )

    return series


@pytest.mark.parametrize("spread", ["even", "crowded", "fractions"])
def test_every_sample_comes_once(spread: str) -> None:
    chance = random.Random(1)
    xs: list[float] = {
        "even": lambda: [float(x) for x in range(350_000)],
        "crowded": lambda: [float(x) for x in range(300_000)] + [1e9, 2e9],
        "fractions": lambda: sorted({chance.random() ** 4 for _ in range(250_000)}),
    }[spread]()
    samples = [(x, float(place)) for place, x in enumerate(xs)]
    [found] = Scripted(serving(samples)).returned(curves.curves(1, ["batch/loss"], "step", patience=60))
    assert found.x == xs
    assert found.y == [y for _, y in samples]


def test_a_short_curve_is_one_request() -> None:
    script = Scripted(serving([(1.0, 2.0), (2.0, 3.0)]))
    [found] = script.returned(curves.curves(1, ["batch/loss"], "step", patience=60))
    assert (found.x, found.y) == ([1.0, 2.0], [2.0, 3.0])
    assert len(script.asked) == 1
