"""The model of a finished run as one value, for those who use it; it lies where the contract may name it too."""

from __future__ import annotations

from experiments.training.model_source import ModelSource

__all__ = ["ModelSource"]
