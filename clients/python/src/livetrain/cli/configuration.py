"""Options of a training from a file, and single ones from arguments."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click


def options_from(file: str | None, settings: Iterable[str]) -> dict[str, Any]:
    """Return the options of a JSON or TOML file (`-`: JSON from the standard input), and `GROUP.NAME=VALUE` over them.

    Raises:
        click.UsageError: one of them cannot be read.
    """
    found: dict[str, Any] = _read(file) if file else {}
    for setting in settings:
        path, mark, value = setting.partition("=")
        if not mark or not path.strip("."):
            raise click.UsageError(f"--set {setting!r}: write it as trainer.max_epochs=20")
        _put(found, path.split("."), _value(value), setting)
    return found


def _read(file: str) -> dict[str, Any]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        found = tomllib.loads(text) if file.endswith(".toml") else json.loads(text)
    except OSError as error:
        raise click.UsageError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise click.UsageError(f"{file} is no {'TOML' if file.endswith('.toml') else 'JSON'}: {error}") from None
    if not isinstance(found, dict):
        raise click.UsageError(f"{file} holds no options: it begins with {type(found).__name__}, not with an object.")
    return found


def _value(text: str) -> Any:
    """Return what JSON makes of it, else the text: `5`, `true`, `[1, 2]`, `adam`."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _put(into: dict[str, Any], path: list[str], value: Any, setting: str) -> None:
    for name in path[:-1]:
        inner = into.setdefault(name, {})
        if not isinstance(inner, dict):
            raise click.UsageError(f"--set {setting!r}: {name} has no options of its own.")
        into = inner
    into[path[-1]] = value
