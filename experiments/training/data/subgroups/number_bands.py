"""Divide numbers, such as ages, into bands: by given edges, round steps, or quarters. Pure Python."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence

MOST_BANDS = 6  # that round steps make of the middle 90 % of the values
_DIGITS = 10


def round_edges(numbers: Sequence[float]) -> tuple[list[float], str]:
    """Choose where bands begin, with the rule in words; `numbers` are sorted, and of two or more values.

    Steps are 1, 2 or 5 times a power of ten. Where one band would hold more than half of the numbers, as of incomes,
    the bands are quarters of them.
    """
    low, high = _quantile(numbers, 0.05), _quantile(numbers, 0.95)
    if high > low:
        step = _step((high - low) / MOST_BANDS)
        edges = _multiples(step, low, high)
        if edges and 2 * max(_sizes(numbers, edges)) <= len(numbers):
            return edges, f"bands of {step:g}"
    return _quarters(numbers), "quarters of the values"


def band_names(edges: Sequence[float]) -> list[str]:
    """Name the bands that begin at the edges, and the one below them, from the lowest up."""
    shown = [f"{edge:.{_DIGITS}g}" for edge in edges]
    between = [f"{one} to < {other}" for one, other in itertools.pairwise(shown)]
    return [f"< {shown[0]}", *between, f"≥ {shown[-1]}"]


def band_of(number: float, edges: Sequence[float]) -> int:
    """Return the place of the number's band among their names: an edge is the first number of its band."""
    return bisect_right(edges, number)


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(_rounded(factor * power) for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-12))


def _multiples(step: float, low: float, high: float) -> list[float]:
    first, last = math.floor(low / step) + 1, math.floor(high / step)
    return [_rounded(place * step) for place in range(first, last + 1)]


def _quarters(numbers: Sequence[float]) -> list[float]:
    lowest = numbers[0]
    found = {_rounded(_quantile(numbers, share), 3) for share in (0.25, 0.5, 0.75)}
    edges = sorted(edge for edge in found if lowest < edge <= numbers[-1])
    return edges or [next(number for number in numbers if number > lowest)]


def _sizes(numbers: Sequence[float], edges: Sequence[float]) -> list[int]:
    sizes = [0] * (len(edges) + 1)
    for number in numbers:
        sizes[band_of(number, edges)] += 1
    return sizes


def _quantile(numbers: Sequence[float], share: float) -> float:
    return numbers[min(len(numbers) - 1, int(share * len(numbers)))]


def _rounded(number: float, digits: int = _DIGITS) -> float:
    return float(f"{number:.{digits}g}")
