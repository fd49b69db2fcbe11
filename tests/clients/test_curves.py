"""Curves that no single answer can hold come whole."""

from __future__ import annotations

import json
import math
import random
import struct
from typing import Any

import pytest

from livetrain import binary_curves
from livetrain.errors import LivetrainError
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


def words(name: str, samples: list[tuple[float, float]], count: int, total: int) -> bytes:
    """Write a curve as the reference describes it, a second time."""
    told = {"name": name, "count": count, "exact": count == len(samples), "total": total, "nonfinite": 0}
    told |= {"first": samples[0][0], "last": samples[-1][0], "x": "float64"}
    xs, ys = zip(*samples[:count], strict=True) if count else ((), ())
    return line(told) + struct.pack(f"<{2 * count}d", *xs, *ys)


def line(values: dict[str, Any]) -> bytes:
    text = json.dumps(values).encode()
    return text.ljust(-(-(len(text) + 1) // 8) * 8 - 1) + b"\n"


def binary(content: bytes) -> Answer:
    return Answer(200, content, {"content-type": "application/vnd.livetrain.curves"})


def serving_words(samples: list[tuple[float, float]], most: int) -> Any:
    """Answer as a newer server does: all samples of a range, with one on either side, or none of them."""

    def series(request: Request) -> Answer:
        assert request.headers == {"Accept": "application/vnd.livetrain.curves, */*;q=0.5"}
        low, high = request.parameters.get("from", -math.inf), request.parameters.get("to", math.inf)
        inside = [place for place, (x, _) in enumerate(samples) if float(low or 0) <= x <= float(high or 0)]
        first, last = (inside[0], inside[-1]) if inside else (0, -1)
        shown = samples[max(0, first - 1) : last + 2]
        count = len(shown) if len(shown) <= most else 0
        return binary(line({"run_id": 1, "curves": 1}) + words("batch/loss", shown, count, len(inside)))

    return series


def test_binary_answers_are_joined_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary_curves, "MOST", 1_000)
    samples = [(float(x), x / 7) for x in [*range(3_500), 100_000]]
    script = Scripted(serving_words(samples, 1_000))
    [found] = script.returned(curves.curves(1, ["batch/loss"], "step", patience=60))
    assert list(zip(found.x, found.y, strict=True)) == samples
    whole = Scripted(serving_words(samples, 5_000))
    assert whole.returned(curves.curves(1, ["batch/loss"], "step", patience=60)) == [found]
    assert len(whole.asked) == 1


def test_more_at_one_place_than_an_answer_holds_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary_curves, "MOST", 1_000)
    script = Scripted(serving_words([(5.0, 1.0)] * 1_500, 1_000))
    with pytest.raises(LivetrainError, match=r"^batch/loss has more samples at 5 than an answer can hold: 1500\.$"):
        script.returned(curves.curves(1, ["batch/loss"], "step", patience=60))


@pytest.mark.parametrize("cut", [1, 8, 100])
def test_a_binary_answer_that_ends_too_early_is_no_answer(cut: int) -> None:
    content = line({"curves": 1}) + words("batch/loss", [(1.0, 2.0)] * 20, 20, 20)
    assert list(binary_curves.curves_in(content)[0].y) == [2.0] * 20
    with pytest.raises(LivetrainError, match="ends too early"):
        binary_curves.curves_in(content[:-cut])
    with pytest.raises(LivetrainError, match="cannot be read"):
        binary_curves.curves_in(content[:40])
