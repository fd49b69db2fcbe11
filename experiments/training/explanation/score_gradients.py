"""What the maps of one image have in common: the class that is asked for, and a network that is left as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch
from torch import Tensor, nn

Logits: TypeAlias = Callable[[Tensor], Tensor]
"""Scaled inputs (B, ...) -> logits (B,) of two classes, (B, C) of more."""


def logit_of(logits: Tensor, label: int) -> Tensor:
    """Return the logit (B,) of a class: of two classes there is one, that of class 1, and class 0 has minus that."""
    if logits.ndim == 1:
        return logits if label == 1 else -logits
    return logits[:, label]


def watched(inputs: Tensor) -> Tensor:
    """Return a copy of the inputs whose gradients are followed, though all parameters be frozen.

    It is no leaf, so that a network may change it in place.
    """
    return inputs.detach().requires_grad_().clone()


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Compute with gradients, in evaluation mode and float32; afterwards each part is in the mode it was in."""
    trained = [part for part in module.modules() if part.training]
    module.eval()
    try:
        with torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        for part in trained:
            part.training = True
