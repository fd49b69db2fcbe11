"""How many blocks of a network are frozen, known before anything is loaded. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from experiments.training.contract.networks.model_errors import ModelError


def frozen_at_start(trainable: Literal["all", "head"] | int, blocks: Sequence[str]) -> int:
    """Count the blocks that do not learn in the first epoch.

    Raises ModelError if more are to learn than there are.
    """
    backbone = len(blocks) - 1
    if trainable == "all":
        return 0
    learning = 0 if trainable == "head" else int(trainable)
    if learning > backbone:
        raise ModelError(
            f"There are only {backbone} blocks before the head ({', '.join(blocks[:-1])}), so {learning} of them "
            'cannot learn; choose fewer for model.trainable, or "all".'
        )
    return backbone - learning
