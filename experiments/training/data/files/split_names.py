"""Recognise the common names of splits, in folders and in columns."""

from __future__ import annotations

from experiments.training.contract.splits import SplitName

_NAMES: dict[str, SplitName] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
ACCEPTED = ", ".join(_NAMES)


def named(name: str) -> SplitName | None:
    """Return the split that `name` means, in upper or lower case; None if it means none."""
    return _NAMES.get(name.casefold())
