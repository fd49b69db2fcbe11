"""The spelling of tags: one spelling for what people mean to be the same. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

MAX_LENGTH = 50
MAX_TAGS = 20
"""The most tags that one run may have."""


def normalised(names: Iterable[str]) -> tuple[str, ...]:
    """Spell tags in lower case with single spaces, each once, sorted. ValueError names what is wrong."""
    found = sorted({_normalised(name) for name in names})
    if len(found) > MAX_TAGS:
        raise ValueError(f"{len(found)} tags; give at most {MAX_TAGS}")
    return tuple(found)


def _normalised(name: str) -> str:
    tag = unicodedata.normalize("NFC", " ".join(name.split()).lower())
    if not tag:
        raise ValueError("a tag is blank; leave it out")
    if len(tag) > MAX_LENGTH:
        raise ValueError(f"the tag {tag[:20]!r}… has {len(tag)} characters; use at most {MAX_LENGTH}")
    if "," in tag or "\\" in tag or not tag.isprintable():
        raise ValueError(f"the tag {tag!r} must have no comma, backslash or control character; use a - instead")
    return tag
