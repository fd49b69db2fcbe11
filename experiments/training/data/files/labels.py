"""Number targets as labels 0, 1, …: numbers in numeric order, names in alphabetical order."""

from __future__ import annotations

import re
from collections.abc import Iterable

NEGATIVES = frozenset({"absent", "benign", "control", "false", "healthy", "negative", "no", "none", "normal"})
_WHOLE = re.compile(r"[+-]?\d{1,18}(\.0*)?")


def number(targets: Iterable[str]) -> tuple[list[str], dict[str, int]]:
    """Return the classes in label order and the label of every target; `1` and `1.0` are one class.

    Of two named classes, one that says "nothing found" is label 0 wherever the alphabet would put it: the positive
    class is the finding.
    """
    distinct = set(targets)
    if all(_WHOLE.fullmatch(target) for target in distinct):
        class_of = {target: str(int(target.split(".")[0])) for target in distinct}
        classes = sorted(set(class_of.values()), key=int)
    else:
        class_of = {target: target for target in distinct}
        classes = _finding_last(sorted(distinct))
    label_of = {name: label for label, name in enumerate(classes)}
    return classes, {target: label_of[name] for target, name in class_of.items()}


def _finding_last(names: list[str]) -> list[str]:
    negative = [name.casefold() in NEGATIVES for name in names]
    return names[::-1] if negative == [False, True] else names
