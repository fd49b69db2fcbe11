"""Write subgroups as CSV, one row per group: every number with its interval, and the difference from the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runs.spreadsheets.neutral_cells import csv_text

_OF_A_NUMBER = ("value", "ci_low", "ci_high")


def csv_of(told: dict[str, Any]) -> str:
    """Write the answer of `run_subgroups`; an unknown number is an empty cell."""
    names = list(dict.fromkeys(name for group in told["groups"] for name in group["statistics"]))
    rows = (
        [*_facts(group), *_numbers(group, names), *_difference(group), int(place == told["worst"])]
        for place, group in enumerate(told["groups"])
    )
    return csv_text(_header(told["metric"], names), rows)


def _header(metric: str, names: list[str]) -> list[str]:
    numbers = [f"{name}{end}" for name in names for end in ("", "_ci_low", "_ci_high")]
    compared = [f"{metric}_difference{end}" for end in ("", "_ci_low", "_ci_high", "_p", "_p_holm")]
    return ["column", "group", "samples", "patients", "positives", "too_small", *numbers, *compared, "worst"]


def _facts(group: dict[str, Any]) -> Iterator[Any]:
    for name in ("column", "group", "samples", "patients", "positives", "too_small"):
        yield group[name]


def _numbers(group: dict[str, Any], names: list[str]) -> Iterator[Any]:
    for name in names:
        found = group["statistics"].get(name, {})
        yield from (found.get(part) for part in _OF_A_NUMBER)


def _difference(group: dict[str, Any]) -> Iterator[Any]:
    found = group["difference"] or {}
    yield from (found.get(part) for part in (*_OF_A_NUMBER, "p", "p_holm"))
