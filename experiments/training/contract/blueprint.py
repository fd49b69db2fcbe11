"""What the factory of a network builds from. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.networks.network_spec import Options

Asked = TypeVar("Asked", bound=Options)


@dataclass(frozen=True)
class Blueprint(Generic[Asked]):
    """Everything a factory builds from.

    `input_shape` is (C, H, W) or (features,); `counts` are the training split's samples per class, label 1 of two
    classes being the positive one.
    """

    options: Asked
    input_shape: tuple[int, ...]
    num_classes: int
    counts: Sequence[int] | None
    config: TrainingConfig

    @property
    def outputs(self) -> int:
        """The scores per sample: 1 for two classes, otherwise one per class."""
        return 1 if self.num_classes == 2 else self.num_classes
