"""Find the layer whose features still have places: the one that Grad-CAM looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from experiments.training.explanation.score_gradients import Logits, evaluating, watched


class Use(NamedTuple):
    """One use of a module in a forward pass: its name, the how-manieth use it was from 0, and its output's shape."""

    name: str
    number: int
    shape: tuple[int, ...]
    differentiable: bool


def spatial_uses(module: nn.Module, logits: Logits, inputs: Tensor) -> list[Use]:
    """Return the uses whose outputs are feature maps (1, C, H, W) above 1 x 1, the last first.

    There are none where the network computes on tokens, (1, tokens, features): what comes before it mixes them, such as
    the embedding of patches, has places, but not those on which the score depends. Images are square here, so an output
    that is not, such as one with the channels last, is no feature map. `inputs` (1, C, S, S) are as the network gets
    them.
    """
    uses = _uses(module, logits, inputs)
    if any(len(use.shape) == 3 for use in uses):
        return []
    return [use for use in reversed(uses) if use.differentiable and _has_places(use.shape, inputs)]


def _has_places(shape: Sequence[int], inputs: Tensor) -> bool:
    return len(shape) == 4 and shape[0] == 1 and 1 < shape[2] == shape[3] <= inputs.shape[2]


def _uses(module: nn.Module, logits: Logits, inputs: Tensor) -> list[Use]:
    """Return every use of every part in the order in which they end; a part ends before what it is part of."""
    found: list[Use] = []
    counted: dict[str, int] = {}

    def note(name: str, output: Any) -> None:
        number = counted[name] = counted.get(name, -1) + 1
        if isinstance(output, Tensor):
            followed = output.requires_grad and torch.is_floating_point(output)
            found.append(Use(name, number, tuple(output.shape), followed))

    handles = [
        part.register_forward_hook(lambda _module, _inputs, output, name=name: note(name, output))
        for name, part in module.named_modules()
        if part is not module
    ]
    try:
        with evaluating(module):
            logits(watched(inputs))
    finally:
        for handle in handles:
            handle.remove()
    return found
