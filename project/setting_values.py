"""Values of settings that are addresses, folders and names: read from text, or ValueError. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from urllib.parse import urlsplit


def url_of(*schemes: str) -> Callable[[str], str]:
    """Make a parser of addresses with one of these schemes."""

    def parse(raw: str) -> str:
        if urlsplit(raw).scheme not in schemes:
            raise ValueError(raw)
        return raw

    return parse


def endpoint(raw: str) -> str:
    """Check the address of an object store, which holds no credentials."""
    parts = urlsplit(raw)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError(raw)
    return raw


def bucket(raw: str) -> tuple[str, str]:
    """Split s3://bucket/prefix into bucket and prefix."""
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/?((?:[\w-][\w.-]*/?)*)", raw, re.ASCII)
    if not found:
        raise ValueError(raw)
    return found[1], found[2].strip("/")


def folders(raw: str) -> list[Path]:
    """Split absolute folders at colons."""
    paths = [Path(part).expanduser() for part in raw.split(":") if part]
    if not all(path.is_absolute() for path in paths):
        raise ValueError(raw)
    return [path.resolve() for path in paths]


def visible(raw: str | None) -> list[str] | None:
    """Parse CUDA_VISIBLE_DEVICES as CUDA does: names after -1 are ignored, and blank means none."""
    return None if raw is None else list(takewhile(lambda name: name != "-1", names(raw)))


def names(raw: str) -> list[str]:
    """Split names at commas."""
    return [part.strip() for part in raw.split(",") if part.strip()]


def attributes(raw: str) -> list[str]:
    """Split at commas what Python names as package.module:ATTRIBUTE."""
    paths = names(raw)
    if not all(re.fullmatch(r"[\w.]+:\w+", path) for path in paths):
        raise ValueError(raw)
    return paths


def days_or_never(raw: str) -> float:
    """Read a number of days above 0; infinity for `never`."""
    if raw.lower() == "never":
        return math.inf
    days = float(raw)
    if not 0 < days < float("inf"):
        raise ValueError(raw)
    return days
