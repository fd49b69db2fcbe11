"""The one error of this package."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice


class SourceError(ValueError):
    """The data cannot be trained on as asked; `field` is the configuration's, `message` names fault and cure."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field, message)
        self.field = field
        self.message = message

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def some(names: Collection[str], shown: int = 3) -> str:
    """The first few names in words: messages stay short however large the data."""
    listed = ", ".join(islice(names, shown))
    return f"{listed} and {len(names) - shown} more" if len(names) > shown else listed
