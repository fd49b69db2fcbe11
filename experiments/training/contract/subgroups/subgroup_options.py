"""Options of a run that say which groups of samples its evaluation is told apart by. Torch-free."""

from __future__ import annotations

import itertools
import math
import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from experiments.training.contract.config_base import Section

MOST_COLUMNS = 10
MOST_EDGES = 19  # of bands, which are one more

_EDGES = re.compile(r"(?P<column>.+?)=(?P<edges>[^=]+)", re.DOTALL)
Named = Annotated[str, StringConstraints(min_length=1, max_length=200)]


def edges_of(named: list[str]) -> dict[str, list[float]]:
    """Return where the bands of each column begin, as in `age=40 60 80`; raises ValueError for anything else."""
    found: dict[str, list[float]] = {}
    for text in named:
        column, edges = _parsed(text)
        if column in found:
            raise ValueError(f"The bands of {column!r} are given twice; name each column once")
        found[column] = edges
    return found


def _parsed(text: str) -> tuple[str, list[float]]:
    parts = _EDGES.fullmatch(text)
    try:
        edges = [float(edge) for edge in parts["edges"].split()] if parts else []
    except ValueError:
        edges = []
    rising = all(one < other for one, other in itertools.pairwise(edges))
    if parts is None or not edges or not rising or not all(map(math.isfinite, edges)):
        raise ValueError(
            f"{text!r} is no column with the numbers where its bands begin, in rising order, as in age=40 60 80"
        )
    if len(edges) > MOST_EDGES:
        raise ValueError(f"{text!r} has {len(edges)} edges, and a column has at most {MOST_EDGES}")
    return parts["column"].strip(), edges


def _checked(named: list[str]) -> list[str]:
    edges_of(named)
    return named


def _different(named: list[str]) -> list[str]:
    twice = next((column for column in named if named.count(column) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice!r} is named twice; name each column once")
    return named


class SubgroupOptions(Section):
    """Groups of samples whose results are told apart at the end."""

    subgroup_columns: Annotated[list[Named], AfterValidator(_different)] = Field(
        [],
        max_length=MOST_COLUMNS,
        description="Columns of the table, such as sex, site or age, kept with the predictions: results are told apart "
        "by their values",
    )
    subgroup_bands: Annotated[list[Named], AfterValidator(_checked)] = Field(
        [],
        max_length=MOST_COLUMNS,
        description='Where bands of such a column of numbers begin, as in "age=40 60 80"; else by rule',
    )
    subgroup_folder: int | None = Field(
        None,
        ge=1,
        le=20,
        description="Which folder of an image's path is a subgroup, such as the site, counted from 1 below the data",
    )
