"""What a command prints: tables for people, JSON for programs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDEST = 10_000
COLOURS = {"completed": "green", "failed": "red", "cancelled": "yellow", "in_progress": "cyan", "queued": "blue"}


class Output(Console):
    """A console that lets the command say how it ends when nobody reads it any more."""

    def on_broken_pipe(self) -> None:
        """Let the command end."""
        raise BrokenPipeError


def console() -> Console:
    """Return the standard output; lines of what is no terminal are not broken, since programs read them."""
    found = Output()
    if not found.is_terminal and "COLUMNS" not in os.environ:
        found.width = WIDEST
    return found


def any_letter() -> None:
    """Let what a terminal's encoding does not have become `?`, in place of an error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def nowhere() -> None:
    """Send what is still to be written nowhere, since nobody reads it."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def as_json(value: Any, indent: int | None = 2) -> None:
    """Print a value as JSON, exactly: letters that the output's encoding does not have are escaped."""
    everything = (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")
    click.echo(json.dumps(value, indent=indent, ensure_ascii=not everything))


def as_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; nothing of a cell is taken for markup."""
    shown = Table(*header, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(text(cell)) for cell in row))
    console().print(shown)


def status(name: str) -> Text:
    """Return a status in its colour."""
    return Text(name.replace("_", " "), style=COLOURS.get(name, ""))


def text(value: object) -> str:
    """Return a cell's text: numbers with four digits, unknown ones as a dash; no control characters."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "�" for letter in str(value))


def seconds(value: float | None) -> str:
    """Return a duration as people say it."""
    if value is None:
        return "–"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
