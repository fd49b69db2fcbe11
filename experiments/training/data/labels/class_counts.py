"""Tell a target with classes from one with measurements, names or numbers of rows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice, Finding, Question
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.labels.spellings import Spelling

Kind: TypeAlias = Literal["cells", "folders", "numbers"]
"""Where labels come from: the cells of a column, the names of folders, an array of label numbers."""

OPTION = "data.many_classes"
MAX_CLASSES = 1_000
"""More are refused: they are no classes, and a matrix of them would have millions of cells."""
MAX_DIFFERENT = 100_000  # cells, of which no merging of spellings leaves MAX_CLASSES
MAX_LETTERS = 200  # of a class's name, as an option that names it may have
MEASURED_FROM = 21
"""So many different numbers are taken for measurements."""
FRACTIONS_FROM = 11
"""So many, if some have fractions."""
MANY_FROM = 101
"""So many different texts are asked about; fewer where most occur once."""
FEW_EACH = 2.0


_NUMBER = re.compile(r"[-+]?\d*[.,]?\d+([eE][-+]?\d{1,3})?")


def refuse(counts: Mapping[str, int], where: str, kind: Kind) -> None:
    """Raise SourceError for so many different cells that they cannot be classes."""
    if len(counts) > MAX_DIFFERENT:
        raise _too_many(len(counts), where, kind)


def questions(classes: Mapping[str, Sequence[Spelling]], config: DataConfig, where: str, kind: Kind) -> list[Question]:
    """Ask about classes that look like measurements or names; raises SourceError where they cannot be classes."""
    if len(classes) > MAX_CLASSES:
        raise _too_many(len(classes), where, kind)
    long = [name for name in classes if len(name) > MAX_LETTERS]
    if long:
        raise SourceError(
            _field(kind),
            f"{len(long)} labels in {where} have more than {MAX_LETTERS} letters, such as {long[0][:60]!r}…: these are "
            "texts and no classes. Name the column with the class.",
        )
    if config.many_classes or kind != "cells":
        return []
    return _measured(classes, where) or _names(classes, where)


def single_samples(classes: Mapping[str, int]) -> list[Finding]:
    """Warn of classes with one sample, which cannot be both trained on and validated."""
    lone = [repr(name) for name, count in classes.items() if count == 1]
    if not lone:
        return []
    text = f"{len(lone):,} of {len(classes):,} classes have one sample: {some(lone, 5)}."
    return [Finding(code="classes_of_one_sample", level="warning", text=text)]


def _measured(classes: Mapping[str, object], where: str) -> list[Question]:
    if not all(map(_NUMBER.fullmatch, classes)):
        return []
    ordered = sorted(classes, key=lambda name: float(name.replace(",", ".")))
    fractions = not all(float(name.replace(",", ".")).is_integer() for name in ordered)
    if len(ordered) < (FRACTIONS_FROM if fractions else MEASURED_FROM):
        return []
    text = (
        f"The labels, of {where}, are {len(ordered):,} different numbers, from {ordered[0]} to {ordered[-1]}: they "
        "look like measurements, and a regression is nothing that is trained here. Name a column with classes in "
        "data.target_column, such as one that says whether the number is above a limit; or set "
        f"{OPTION} to true, and each number is a class."
    )
    return [_question("measured_target", text, len(ordered))]


def _names(classes: Mapping[str, Sequence[Spelling]], where: str) -> list[Question]:
    rows = sum(spelling.count for same in classes.values() for spelling in same)
    rare = len(classes) >= MEASURED_FROM and rows / len(classes) < FEW_EACH
    if len(classes) < MANY_FROM and not rare:
        return []
    text = (
        f"The labels, of {where}, have {len(classes):,} different values in {rows:,} samples, such as "
        f"{some([repr(name) for name in classes])}: these are many classes. Name the column with the classes in "
        f"data.target_column, or set {OPTION} to true."
    )
    return [_question("many_classes", text, len(classes))]


def _question(code: str, text: str, count: int) -> Question:
    consequence = f"Each of the {count:,} different values is a class."
    return Question(code=code, text=text, choices=[Choice(options={OPTION: True}, consequence=consequence)])


def _too_many(count: int, where: str, kind: Kind) -> SourceError:
    return SourceError(
        _field(kind),
        f"The labels, of {where}, have {count:,} different values, and at most {MAX_CLASSES:,} classes can be trained: "
        "measurements, names and numbers of rows are no classes. Name the column with the class.",
    )


def _field(kind: Kind) -> str:
    return "data.target_column" if kind == "cells" else "source_path"
