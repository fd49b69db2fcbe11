"""The names of data sets: they stand in addresses and on command lines without escaping."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath

from experiments.models import Dataset
from runs.errors import InvalidRequest

LONGEST = 64
RESERVED = frozenset({"uploads"})  # an address of ours
RULE = f"lower-case letters, digits, - and _, at most {LONGEST}, a letter or digit first"
_NAME = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{LONGEST - 1}}}")


def chosen(name: str | None, origin: str) -> str:
    """Return `name` if it is allowed, or one made from the file or folder name `origin`. Raises InvalidRequest."""
    wanted = derived(origin) if name is None else name
    if not _NAME.fullmatch(wanted):
        hint = f" Try {derived(wanted)!r}." if derived(wanted) else ""
        raise _refusal(f"Use {RULE}; got {wanted[:100]!r}.{hint}")
    if wanted in RESERVED:
        raise _refusal(f"{wanted!r} is an address of this server; choose another.")
    if Dataset.objects.filter(name=wanted).exists():
        raise taken(wanted)
    return wanted


def taken(name: str) -> InvalidRequest:
    """Return the error of a name that another data set has."""
    return _refusal(f"The data set {name!r} already exists; choose another name, or delete that one first.")


def derived(origin: str) -> str:
    """Derive a name from a file's: `Röntgen Bilder (2).zip` becomes `rontgen-bilder-2`; blank if nothing usable."""
    plain = unicodedata.normalize("NFKD", PurePath(origin).stem).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")[:LONGEST].rstrip("-_")


def _refusal(message: str) -> InvalidRequest:
    return InvalidRequest([{"field": "name", "message": message}])
