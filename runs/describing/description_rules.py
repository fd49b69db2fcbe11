"""The spelling of a run's name and description: what both may hold, and how long they may be. Pure."""

from __future__ import annotations

import unicodedata

MAX_NAME = 200
MAX_DESCRIPTION = 4_000
_OF_PLAIN_TEXT = {"\n", "\t"}


def normalised_name(text: str) -> str:
    """Spell a name in one line without blanks at its ends. ValueError says what is wrong."""
    name = text.strip()
    if not name:
        raise ValueError(f"Give the run a name; it may have up to {MAX_NAME} characters.")
    if len(name) > MAX_NAME:
        raise ValueError(f"The name has {len(name):,} characters; use at most {MAX_NAME}.")
    if is_broken(name):
        raise ValueError("The name must not contain line breaks or other control characters; write it in one line.")
    if is_invisible(name):
        raise ValueError("The name has nothing that can be seen; write a letter or a digit at least.")
    return name


def is_broken(name: str) -> bool:
    """Return whether a name has line breaks of any kind, or other control characters."""
    return any(is_control(char) or unicodedata.category(char) in ("Zl", "Zp") for char in name)


def is_invisible(name: str) -> bool:
    """Return whether nothing of a name can be seen, so that nobody could click on it in a list."""
    return all(unicodedata.category(char)[0] in "CZM" for char in name)


def normalised_description(text: str) -> str:
    """Spell a description with line breaks of one kind, without blanks at its ends. ValueError says what is wrong."""
    description = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(description) > MAX_DESCRIPTION:
        raise ValueError(f"The description has {len(description):,} characters; use at most {MAX_DESCRIPTION:,}.")
    if any(is_control(char) for char in description if char not in _OF_PLAIN_TEXT):
        raise ValueError("The description must not contain control characters; use plain text with line breaks.")
    return description


def is_control(char: str) -> bool:
    """Return whether a character is a control character, or one half of another."""
    return unicodedata.category(char) in ("Cc", "Cs")
