"""The columns that a user of a model file fills in, and the places of a network's features among them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from experiments.training.contract.inference import FeatureInput

MISSING_CATEGORY = ""
"""The name of the category of blank cells."""


class InputColumn(msgspec.Struct, frozen=True, kw_only=True):
    """One column of a row: a number, NaN where it is missing, or the place of its category among `categories`.

    -1 stands for a category of which the training split knew nothing.
    """

    name: str
    kind: str
    categories: list[str] = []


class Place(NamedTuple):
    """Where a feature of the network comes from: the number of a column and, of a category, its place there."""

    input: FeatureInput
    column: int
    code: int | None


class TableColumns(NamedTuple):
    """All columns of a row, and where each feature comes from, in the network's order.

    `single` says that numbers are rounded to single precision first, as those of a built-in table are.
    """

    columns: list[InputColumn]
    places: list[Place]
    single: bool


def arranged(features: Iterable[FeatureInput], *, single: bool) -> TableColumns:
    """Arrange the columns in the order of their first features."""
    numbers: dict[str, int] = {}
    kinds: list[str] = []
    categories: list[list[str]] = []
    places = []
    for feature in features:
        column = numbers.setdefault(feature.column, len(numbers))
        if column == len(kinds):
            kinds.append(feature.kind)
            categories.append([])
        code = None
        if feature.kind == "category":
            code = len(categories[column])
            categories[column].append(feature.category or MISSING_CATEGORY)
        places.append(Place(feature, column, code))
    columns = [
        InputColumn(name=name, kind=kind, categories=own)
        for name, kind, own in zip(numbers, kinds, categories, strict=True)
    ]
    return TableColumns(columns, places, single)
