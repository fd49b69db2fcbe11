"""The curve beside a run: short, and never without a spike."""

from __future__ import annotations

import math
import random

import pytest

from runs.summaries.sparklines import MOST_VALUES, Curve, grown, values


def curve_of(numbers: list[float | None]) -> Curve | None:
    curve = None
    for epoch, number in enumerate(numbers):
        curve = grown(curve, epoch, number)
    return curve


def test_a_short_curve_has_every_value() -> None:
    assert values(curve_of([0.5, 0.7, 0.6])) == [0.5, 0.7, 0.6]
    assert values(None) == []


@pytest.mark.parametrize("spike", [1, 20, 777, 4_321, 9_998])
def test_a_long_curve_is_short_and_keeps_first_last_and_a_spike_of_one_epoch(spike: int) -> None:
    noise = random.Random(spike)
    numbers: list[float | None] = [noise.uniform(0.4, 0.6) for _ in range(10_000)]
    numbers[spike] = 3.0
    numbers[spike - 1] = -3.0
    found = values(curve_of(numbers))
    assert len(found) <= MOST_VALUES == 40
    assert (found[0], found[-1]) == (numbers[0], numbers[-1])
    assert (max(found), min(found)) == (3.0, -3.0)
    # An independent count: the values come in the order of their epochs.
    epochs = [numbers.index(value) for value in found]
    assert epochs == sorted(epochs)


def test_unknown_and_infinite_values_are_left_out() -> None:
    assert values(curve_of([None, math.nan, 0.5, math.inf, 0.25])) == [0.5, 0.25]
