"""Which blocks of a network learn in which epoch, and at which share of the learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from torch.nn import Parameter

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.networks.freezing import frozen_at_start
from experiments.training.models.blocks import Block

ParameterGroups: TypeAlias = list[Parameter] | list[dict[str, Any]]


class FineTuning:
    """The state of blocks that are frozen at first; with `unfreeze_every` they start to learn, from the head down.

    What learns is a function of the epoch alone, and the optimizer knows from the start every parameter that ever will:
    so schedules keep their groups, and a resumed run gets the same ones. Lightning's BaseFinetuning adds groups as it
    goes, which schedules do not see, and its frozen batch normalisation still uses the statistics of the batch.
    """

    def __init__(self, blocks: Sequence[Block], config: TrainingConfig) -> None:
        self._blocks = blocks
        self._every = config.model.unfreeze_every
        self._factor, self._decay = config.optimizer.backbone_factor, config.optimizer.layer_decay
        self._frozen_at_start = frozen_at_start(config.model.trainable, [block.name for block in blocks])
        self._frozen = 0
        self.enter(0)

    @property
    def frozen(self) -> list[str]:
        """The names of the blocks that do not learn now."""
        return [block.name for block in self._blocks[: self._frozen]]

    @property
    def block_of(self) -> dict[str, str]:
        """The block of each weight, by the names that the network has for them."""
        return {name: block.name for block in self._blocks for name in block.names}

    @property
    def frozen_names(self) -> list[str]:
        """The names of the frozen weights, as the network has them."""
        return [name for block in self._blocks[: self._frozen] for name in block.names]

    def enter(self, epoch: int) -> list[str]:
        """Freeze and unfreeze blocks for this epoch; returns the names of the blocks that newly learn."""
        before, self._frozen = self._frozen, self._frozen_in(epoch)
        for block in self._blocks[self._frozen : before]:
            block.unfreeze()
        for block in self._blocks[: self._frozen]:
            block.freeze()
        return [block.name for block in self._blocks[self._frozen : before]]

    def refreeze(self) -> None:
        """Put frozen blocks back into evaluation mode, after something put all into training mode."""
        for block in self._blocks[: self._frozen]:
            block.freeze()

    def groups(self, rate: float) -> ParameterGroups:
        """Group all parameters that ever learn for the optimizer, with `rate` as the full learning rate.

        One list in the network's order, or, if rates differ, one group per block with the head first: the rate that is
        reported is the first group's.
        """
        never = self._frozen_at_start if self._every is None else 0
        learning = self._blocks[never:]
        if self._factor == self._decay == 1:
            return [parameter for block in learning for parameter in block.parameters]
        return [
            {"params": block.parameters, "lr": rate * self._share(distance)}
            for distance, block in enumerate(reversed(learning))
            if block.parameters
        ]

    def _share(self, distance: int) -> float:
        """Return the share of the rate for the block that is `distance` blocks before the head."""
        return self._factor * self._decay**distance if distance else 1.0

    def _frozen_in(self, epoch: int) -> int:
        freed = epoch // self._every if self._every else 0
        return max(0, self._frozen_at_start - freed)
