"""What passes between the process that checks a data set and the worker that started it."""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """The data set to check.

    `path` lies in one of `roots`, all absolute; `sha256` is the expected hash of the one file at `path`, if known.
    """

    path: str
    roots: list[str]
    sha256: str | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """How many of `files` files, with `size` bytes together, have been hashed."""

    files: int
    size: int
    files_done: int
    bytes_done: int


class Finding(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """The result of a check: `classes` in label order with their samples, or None where `problem` prevents a training.

    The problem is seen with default options; other columns may be the cure, so it refuses nothing.
    """

    layout: str
    files: int
    size: int
    content_hash: str
    stamp: str
    classes: list[tuple[str, int]] | None
    problem: str | None


class Refusal(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Data that cannot be trained on, whatever the options: hostile, broken, or not what was announced."""

    message: str


Report: TypeAlias = Progress | Finding | Refusal
