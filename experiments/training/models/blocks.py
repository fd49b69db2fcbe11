"""A network's parts, in order from the input to the head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import nn
from torch.nn import Parameter

from experiments.training.contract.networks.model_errors import ModelError


@dataclass(frozen=True)
class Block:
    """One part of a network; its modules hold its parameters, except those that are not in any module."""

    name: str
    names: list[str]  # of its parameters, in the network
    modules: list[nn.Module]
    parameters: list[Parameter]

    def freeze(self) -> None:
        """Stop learning: compute as in evaluation and change nothing, running statistics included."""
        for parameter in self.parameters:
            parameter.requires_grad_(False)
        for module in self.modules:
            module.eval()

    def unfreeze(self) -> None:
        """Start learning: compute as in training."""
        for parameter in self.parameters:
            parameter.requires_grad_(True)
        for module in self.modules:
            module.train()


def split(network: nn.Module, layout: Mapping[str, Sequence[str]]) -> list[Block]:
    """Divide a network into the blocks that `layout` names, each by prefixes of its parameters' names.

    Without a layout each child is a block, and parameters outside of children belong to the first. Raises ModelError if
    a parameter is in no block.
    """
    layout = layout or _children(network)
    modules, parameters = dict(network.named_modules()), dict(network.named_parameters())
    block_of = {name: _block_of(name, layout) for name in parameters}
    if unplaced := [name for name, found in block_of.items() if found is None]:
        raise ModelError(f"The network's blocks leave out {unplaced[0]!r}; name it in one of NetworkSpec.blocks.")
    return [
        Block(
            name=block,
            names=[name for name, found in block_of.items() if found == block],
            modules=[modules[prefix] for prefix in prefixes if prefix in modules],
            parameters=[parameters[name] for name, found in block_of.items() if found == block],
        )
        for block, prefixes in layout.items()
    ]


def _block_of(name: str, layout: Mapping[str, Sequence[str]]) -> str | None:
    for block, prefixes in layout.items():
        if any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes):
            return block
    return None


def _children(network: nn.Module) -> dict[str, list[str]]:
    layout = {name: [name] for name, child in network.named_children() if any(True for _ in child.parameters())}
    own = [name for name, _ in network.named_parameters(recurse=False)]
    if not layout:
        return {"head": own}
    next(iter(layout.values())).extend(own)
    return layout
