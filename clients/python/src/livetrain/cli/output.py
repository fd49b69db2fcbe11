"""What a command prints: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

COLOURS = {"completed": "green", "failed": "red", "cancelled": "yellow", "in_progress": "cyan", "queued": "blue"}


def as_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def as_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; nothing of a cell is taken for markup."""
    shown = Table(*header, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(text(cell)) for cell in row))
    Console().print(shown)


def status(name: str) -> Text:
    """Return a status in its colour."""
    return Text(name.replace("_", " "), style=COLOURS.get(name, ""))


def text(value: object) -> str:
    """Return a cell's text: numbers with four digits, unknown ones as a dash; no control characters."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in str(value))


def seconds(value: float | None) -> str:
    """Return a duration as people say it."""
    if value is None:
        return "–"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
