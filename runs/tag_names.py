"""What a tag may be called: one spelling for what people mean to be the same. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

MAX_LENGTH = 50
MAX_TAGS = 20
"""Of one run."""


def normalised(names: Iterable[str]) -> tuple[str, ...]:
    """Each tag once, by the alphabet, in small letters with single spaces. ValueError says what is wrong."""
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
