"""Mix-up: trains on blends of two samples and their labels (Zhang et al. 2018)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Mixed(NamedTuple):
    """`share` of each sample as it was, the rest of the sample at `other`: `x` is blended so, losses are to be."""

    x: Tensor
    other: Tensor
    share: float


def mix(x: Tensor, alpha: float) -> Mixed:
    """Blend each sample of the batch with another one, all in the same proportion, drawn from Beta(alpha, alpha).

    `share` is the larger one, at least a half: the batch is the same, and a sample's label is its own.
    Draws from torch's global generator, on the CPU: so it is the same on every device, and a resume repeats it.
    """
    drawn = float(torch.distributions.Beta(alpha, alpha).sample())
    share = max(drawn, 1 - drawn)
    other = torch.randperm(len(x)).to(x.device)
    return Mixed(share * x + (1 - share) * x[other], other, share)
