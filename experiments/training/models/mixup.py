"""Mix-up: trains on blends of two samples and their labels (Zhang et al. 2018)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Mixed(NamedTuple):
    """A batch `x` blended from `share` of each sample and 1 - `share` of the one at `other`; losses blend alike."""

    x: Tensor
    other: Tensor
    share: float


def mix(x: Tensor, alpha: float) -> Mixed:
    """Blend each sample of the batch with another one, all in the same proportion, drawn from Beta(alpha, alpha).

    `share` is the larger part, at least a half: swapping the two would give the same batch, and so a sample's label
    remains its own. Draws from torch's global generator on the CPU: the result is the same on every device, and a
    resume repeats it.
    """
    drawn = float(torch.distributions.Beta(alpha, alpha).sample())
    share = max(drawn, 1 - drawn)
    other = torch.randperm(len(x)).to(x.device)
    return Mixed(share * x + (1 - share) * x[other], other, share)
