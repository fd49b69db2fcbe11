"""What is wrong with a network or its weights, found where the training runs."""

from __future__ import annotations


class ModelError(ValueError):
    """The message is a sentence for the user that names fault and cure."""
