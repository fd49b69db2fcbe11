"""One option of a metric: which values it takes, in words and as a test. Imports no torch."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["boolean", "integer", "number", "text", "numbers", "range"]
MOST_NUMBERS = 1_000
"""Limit of values in an option that is a list."""


class MetricOption(msgspec.Struct, frozen=True, kw_only=True):
    """One option of a metric: the `kinds` of values that it takes, null too if `nullable`; bounds of numbers.

    A text is one of `choices`. With a value of `several` there would be one number per class, so these are refused.
    """

    name: str
    kinds: list[Kind]
    nullable: bool = False
    required: bool = False
    default: Any = None
    choices: list[str] = []
    several: list[str | None] = []
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    below: float | None = None

    def problem(self, value: Any) -> str | None:
        """Say what is wrong with a value, and the cure; None if nothing is."""
        if (value is None or isinstance(value, str)) and value in self.several:
            cure = f"; choose one of {_listed(self.choices)}" if self.choices else ""
            return f"With {written(value)} there would be one number per class, and a curve needs one for all{cure}"
        if (value is None and self.nullable) or any(self._takes(kind, value) for kind in self.kinds):
            return None
        return f"It must be {self.allowed}; got {written(value)}"

    @property
    def allowed(self) -> str:
        """The possible values in words."""
        words = {
            "boolean": "true or false",
            "integer": f"a whole number{self._bounds}",
            "number": f"a number{self._bounds}",
            "text": f"one of {_listed(self.choices)}",
            "numbers": "a list of rising numbers from 0 to 1",
            "range": "two numbers [from, to], 0 < from < to <= 1",
        }
        kinds = [kind for kind in self.kinds if kind != "integer" or "number" not in self.kinds]
        null = self.nullable and None not in self.several
        return ", or ".join([*(words[kind] for kind in kinds), *(["null"] if null else [])])

    @property
    def _bounds(self) -> str:
        bounds = {"from": self.minimum, "above": self.above, "to": self.maximum, "below": self.below}
        return "".join(f" {word} {bound:g}" for word, bound in bounds.items() if bound is not None)

    def _takes(self, kind: Kind, value: Any) -> bool:
        if kind == "boolean":
            return isinstance(value, bool)
        if kind == "text":
            return value in self.choices
        if kind in ("numbers", "range"):
            return (
                isinstance(value, list) and _rises(value) and (kind == "numbers" or (len(value) == 2 and value[0] > 0))
            )
        return _is_number(value) and (kind == "number" or isinstance(value, int)) and self._within(value)

    def _within(self, value: float) -> bool:
        return (
            (self.minimum is None or value >= self.minimum)
            and (self.above is None or value > self.above)
            and (self.maximum is None or value <= self.maximum)
            and (self.below is None or value < self.below)
        )


def written(value: Any) -> str:
    """Write a value as it stands in a request; of a long one, the beginning."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}… ({len(text)} characters)"


def _listed(values: Iterable[str]) -> str:
    return ", ".join(map(written, values))


def _rises(values: list[Any]) -> bool:
    """Return whether the list has shares, each higher than the one before; the library takes others for the same."""
    if not (0 < len(values) <= MOST_NUMBERS and all(map(_is_number, values))):
        return False
    return values[0] >= 0 and values[-1] <= 1 and all(low < high for low, high in pairwise(values))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
