"""The error of a model that cannot be used."""

from __future__ import annotations


class ModelError(ValueError):
    """A run's model that cannot be loaded or asked.

    `field` is the part of the ModelSource that is at fault, `message` tells the user fault and cure.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field, message)
        self.field = field
        self.message = message

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"
