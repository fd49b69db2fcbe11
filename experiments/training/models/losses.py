"""Losses with one weight per class."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from experiments.training.contract.config import TrainingConfig


class CrossEntropy(nn.Module):
    """The mean over the batch of `-sum_c t_c w_c log p_c`, t being the smoothed label: 1 - e + e/C, else e/C.

    For two classes the logits are (B,), the positive class's, and p comes from the sigmoid; otherwise (B, C) and
    softmax. The sum is divided by the number of samples, never by the sum of their weights: so the mean over batches is
    that over samples.
    """

    weights: Tensor
    ratio: Tensor

    def __init__(self, weights: Sequence[float], *, smoothing: float = 0.0) -> None:
        super().__init__()
        self.smoothing = smoothing
        # Part of the configuration, not of the learned state: checkpoints hold the network alone.
        self.register_buffer("weights", torch.tensor(weights, dtype=torch.float32), persistent=False)
        self.register_buffer("ratio", self.weights[1] / self.weights[0], persistent=False)
        self._negatives_count_once = weights[0] == 1

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the mean loss of a batch, a scalar."""
        if logits.ndim == 1:
            soft = target.to(logits.dtype)
            if self.smoothing:
                soft = soft * (1 - self.smoothing) + self.smoothing / 2
            mean = functional.binary_cross_entropy_with_logits(logits, soft, pos_weight=self.ratio)
            return mean if self._negatives_count_once else self.weights[0] * mean
        total = functional.cross_entropy(
            logits, target, weight=self.weights, label_smoothing=self.smoothing, reduction="sum"
        )
        return total / len(target)


class Focal(CrossEntropy):
    """Cross-entropy whose terms are multiplied by `(1 - p_c) ** gamma`: what is right already counts less.

    Lin et al. 2017; their alpha is the weight of positives, 1 - alpha that of negatives. gamma 0 is cross-entropy.
    """

    def __init__(self, weights: Sequence[float], *, gamma: float, smoothing: float = 0.0) -> None:
        super().__init__(weights, smoothing=smoothing)
        self.gamma = gamma

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """Compute the mean loss of a batch, a scalar."""
        log_p = _log_probabilities(logits)
        classes = log_p.shape[1]
        soft = functional.one_hot(target, classes) * (1 - self.smoothing) + self.smoothing / classes
        wrong = (1 - log_p.exp()).clamp_min(1e-7)  # the slope of a root of zero is infinite
        return -(soft * self.weights * wrong**self.gamma * log_p).sum(dim=1).mean()


def build(config: TrainingConfig, *, counts: Sequence[int] | None, num_classes: int) -> CrossEntropy:
    """Build the configured loss.

    `counts` are the training split's samples per class, from which `auto` weights are computed.
    """
    asked = config.loss
    weights = class_weights(config, counts=counts, num_classes=num_classes)
    if asked.name == "focal":
        return Focal(weights, gamma=asked.focal_gamma, smoothing=asked.label_smoothing)
    return CrossEntropy(weights, smoothing=asked.label_smoothing)


def class_weights(config: TrainingConfig, *, counts: Sequence[int] | None, num_classes: int) -> list[float]:
    """Return one weight per class: `focal_alpha`, else `class_weights`, else for two classes `pos_weight`, else 1.

    Without `counts`, `auto` is 1.
    """
    asked = config.loss
    if asked.name == "focal" and asked.focal_alpha is not None:
        return [1 - asked.focal_alpha, asked.focal_alpha]
    if isinstance(asked.class_weights, tuple):
        return list(asked.class_weights)
    if asked.class_weights == "auto":
        return balanced(counts or [1] * num_classes)
    return [1.0, _pos_weight(config, counts)] if num_classes == 2 else [1.0] * num_classes


def balanced(counts: Sequence[int]) -> list[float]:
    """Compute weights with which each class counts the same in total, and a sample counts 1 on average."""
    return [sum(counts) / (len(counts) * count) for count in counts]


def _pos_weight(config: TrainingConfig, counts: Sequence[int] | None) -> float:
    asked = config.model.pos_weight
    if asked == "auto":
        return counts[0] / counts[1] if counts else 1.0
    return 1.0 if asked is None else float(asked)


def _log_probabilities(logits: Tensor) -> Tensor:
    if logits.ndim == 1:
        return torch.stack((functional.logsigmoid(-logits), functional.logsigmoid(logits)), dim=1)
    return functional.log_softmax(logits, dim=1)
