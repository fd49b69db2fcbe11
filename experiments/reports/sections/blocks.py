"""Blocks that several sections have."""

from __future__ import annotations

from collections.abc import Iterable

from experiments.reports.document import Block, Fact, Facts, Written
from experiments.reports.report_fields import FIELDS
from experiments.reports.source import Source
from runs.events import format_time


def written(source: Source, *names: str) -> list[Block]:
    """Build the texts of these fields, those that nobody wrote too."""
    return [_written(source, name) for name in names]


def _written(source: Source, name: str) -> Written:
    row = source.texts.get(name)
    if row is None:
        return Written(field=name, title=FIELDS[name].title, text="")
    return Written(field=name, title=FIELDS[name].title, text=row.text, by=row.by, at=format_time(row.at))


def facts(found: Iterable[Fact]) -> list[Block]:
    """Build the facts; nothing where there are none."""
    known = list(found)
    return [Facts(facts=known)] if known else []
