"""How a cost grows with what it is of: the exponent k of cost = a * size ** k, and what that means in words. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

FITTED = 3  # the largest sizes: with little of anything what is always there hides how it grows
FLAT, LESS, LINEAR = 0.2, 0.85, 1.15  # ends of the exponents that are called so


class Curve(NamedTuple):
    """What one thing costs with more and more of another; `costs` are in `unit`, of all of it together."""

    part: str
    what: str
    of: str  # what the sizes count
    unit: str
    sizes: tuple[float, ...]
    costs: tuple[float, ...]
    each: bool = False  # the cost of one of it is what a reader wants to know

    @property
    def exponent(self) -> float:
        """The steeper of two slopes of the logarithms: through the largest sizes, and between the last two.

        The second one tells what only the largest size shows; with one size both are 0.
        """
        points = [
            (math.log(size), math.log(cost))
            for size, cost in zip(self.sizes, self.costs, strict=True)
            if size > 0 and cost > 0
        ]
        return max(_slope(points[-FITTED:]), _slope(points[-2:]))

    @property
    def verdict(self) -> str:
        """The exponent in words."""
        if self.exponent <= FLAT:
            return "flat"
        if self.exponent <= LESS:
            return "less than linear"
        return "linear" if self.exponent <= LINEAR else "worse than linear"

    @property
    def shown(self) -> tuple[float, ...]:
        """The costs as a table shows them: of all, or of one."""
        return tuple(cost / size if self.each else cost for size, cost in zip(self.sizes, self.costs, strict=True))

    def at(self, size: float) -> float:
        """Return the cost at a size that was not measured, by the exponent from the largest one that was."""
        return float(self.costs[-1] * (size / self.sizes[-1]) ** max(self.exponent, 0.0))

    def of_one(self) -> float:
        """Return what one more costs: the slope between the least and the largest size."""
        if len(self.sizes) < 2:
            return self.costs[0] / self.sizes[0]
        return max(0.0, (self.costs[-1] - self.costs[0]) / (self.sizes[-1] - self.sizes[0]))


def curves(found: Sequence[dict[str, Any]]) -> list[Curve]:
    """Read curves as they are written in JSON."""
    return [Curve(**one | {"sizes": tuple(one["sizes"]), "costs": tuple(one["costs"])}) for one in found]


def _slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the slope of the line of least squares; 0 for fewer than two points."""
    if len(points) < 2:
        return 0.0
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return float(sum((x - mean_x) * (y - mean_y) for x, y in points) / spread)
