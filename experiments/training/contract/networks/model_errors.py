"""The error of a network or its weights, found where the training runs."""

from __future__ import annotations


class ModelError(ValueError):
    """A fault of a network or its weights; the message tells the user fault and cure."""
