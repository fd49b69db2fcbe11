"""Give the classes of a data set the names that a request has for them, in every layout; their order stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from experiments.training.contract.class_names import class_naming
from experiments.training.contract.reading import Finding
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.files.index import Index
from experiments.training.data.labels import spellings

OPTION = "data.class_names"


def named(index: Index, asked: Sequence[str]) -> Index:
    """Return the index, and how it was read, with the names that were asked for, as in `0=healthy`.

    A class that none is asked for keeps its label. Raises SourceError for what is no class, and for names that would
    make two classes one.
    """
    names = _names(index.classes, asked)
    if not names:
        return index
    classes = [names.get(label, label) for label in index.classes]
    reading = index.reading
    positive = None if reading.positive is None else names.get(reading.positive, reading.positive)
    merged = [
        msgspec.structs.replace(several, name=names.get(several.name, several.name)) for several in reading.merged
    ]
    return replace(
        index,
        classes=classes,
        reading=reading.extended(findings=[_finding(names)], classes=classes, positive=positive, merged=merged),
    )


def _names(labels: Sequence[str], asked: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in asked:
        label, name = _read(text, labels)
        if label in found:
            raise SourceError(OPTION, f"It names the class {label!r} twice; name each class once.")
        _require_own(name, label, labels)
        found[label] = name
    _require_different(found)
    return found


def _read(text: str, labels: Sequence[str]) -> tuple[str, str]:
    """Return the class and the name that the text means; of several readings, that with the longest label."""
    for label, name in reversed(list(class_naming.readings(text))):
        [*found] = spellings.meant(label, labels)
        if len(found) == 1:
            return found[0], spellings.clean(name)
    known = some([repr(label) for label in labels], 10)
    raise SourceError(OPTION, f"{text!r} names none of the classes; there are {known}: write {labels[0]}=its name.")


def _require_own(name: str, label: str, labels: Sequence[str]) -> None:
    """Raise SourceError for a name that would be taken for another class, or that is none."""
    if not 1 <= len(name) <= class_naming.LONGEST:
        raise SourceError(OPTION, f"The name of {label!r} has to have 1 to {class_naming.LONGEST} letters.")
    others = [other for other in spellings.meant(name, labels) if other != label]
    if others:
        raise SourceError(
            OPTION, f"{name!r} cannot be the name of {label!r}: another class is {others[0]!r}. Choose another name."
        )


def _require_different(names: Mapping[str, str]) -> None:
    by_key: dict[str, str] = {}
    for label, name in names.items():
        other = by_key.setdefault(spellings.key(name), label)
        if other != label:
            raise SourceError(
                OPTION, f"{other!r} and {label!r} would both be called {name!r}. Give them different names."
            )


def _finding(names: Mapping[str, str]) -> Finding:
    told = some([f"{label!r} is called {name!r}" for label, name in names.items()], 10)
    return Finding(code="class_names", level="info", text=f"{OPTION} names the classes: {told}.")
