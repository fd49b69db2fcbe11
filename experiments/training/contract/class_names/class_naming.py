"""Read options that name the classes of a data set, such as `0=healthy`, as far as they can be read without it."""

from __future__ import annotations

from collections.abc import Iterator

from runs.describing.description_rules import is_control

LONGEST = 200  # letters of a name, as of a label
LONGEST_TEXT = 2 * LONGEST + 1


def readings(text: str) -> Iterator[tuple[str, str]]:
    """Yield each label and name that the text may mean: both may have an equals sign in them, as `<=50K=low` has."""
    for at, char in enumerate(text):
        label, name = text[:at].strip(), text[at + 1 :].strip()
        if char == "=" and label and name:
            yield label, name


def checked(named: list[str]) -> list[str]:
    """Return the texts if each is a label with its name; raises ValueError for anything else."""
    for text in named:
        if not any(readings(text)):
            raise ValueError(f"{text!r} is no label with its name; write both, as in 0=healthy")
        if any(map(is_control, text)):
            raise ValueError(f"{text!r} has control characters; leave them out")
    if len(set(named)) < len(named):
        raise ValueError("A class has one name; name each once")
    return named
