"""Grad-CAM (Selvaraju et al., ICCV 2017): where the features of a layer raise the score of a class.

Each feature map is weighted by the mean of the logit's gradients over it, and the positive part of their sum is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from experiments.training.explanation.score_gradients import Logits, evaluating, logit_of, watched
from experiments.training.explanation.spatial_layer import Use


def grad_cam(module: nn.Module, logits: Logits, inputs: Tensor, *, use: Use, label: int) -> Tensor | None:
    """Compute the map (H, W) of one image at one use of a layer, not below 0; None where no gradient reaches it.

    `inputs` (1, C, S, S) are as the network gets them, `label` is the class. No gradient is added to any parameter, and
    no hook is left.
    """
    kept: list[Tensor] = []
    calls = 0

    def keep(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor | None:
        nonlocal calls
        calls += 1
        if calls - 1 != use.number:
            return None
        kept.append(output)
        return output.clone()  # what changes the features in place, as many ReLUs do, changes the copy

    handle = module.get_submodule(use.name).register_forward_hook(keep)
    try:
        with evaluating(module):
            score = logit_of(logits(watched(inputs)), label).sum()
            [gradient] = _gradients(score, kept)
    finally:
        handle.remove()
    if gradient is None:
        return None
    features = kept[0].detach()
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return (weights * features).sum(dim=1)[0].clamp(min=0).float()


def _gradients(score: Tensor, features: list[Tensor]) -> Sequence[Tensor | None]:
    return torch.autograd.grad(score, features, allow_unused=True)
