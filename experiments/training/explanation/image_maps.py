"""Explain the score of one image: Grad-CAM where the network has a layer with places, else occlusion."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from experiments.training.explanation import colouring
from experiments.training.explanation.findings import ImageMap, ImageMethod
from experiments.training.explanation.grad_cam import grad_cam
from experiments.training.explanation.occlusion import Predict, occlusion
from experiments.training.explanation.score_gradients import Logits
from experiments.training.explanation.spatial_layer import spatial_uses

TRIED = 8  # layers, from the last: one that no gradient reaches is passed over
DIGITS = 4  # of the numbers of a map


class Differentiable(NamedTuple):
    """A network whose gradients can be had: its parts, and from scaled inputs (B, C, S, S) to logits."""

    module: nn.Module
    logits: Logits


class _Map(NamedTuple):
    method: ImageMethod
    layer: str | None
    values: Tensor


def explain_image(
    pixels: Tensor, *, predict: Predict, network: Differentiable | None, scaled: Tensor, label: int
) -> ImageMap:
    """Explain the logit of class `label` of two classes or more.

    `pixels` (C, S, S) uint8 are as the data module holds them, `scaled` (1, C, S, S) as the network gets them. Without
    a `network`, whose gradients can be had, `predict` alone is asked.
    """
    found = (network and _by_gradients(network, scaled, label)) or _Map(
        "occlusion", None, occlusion(predict, pixels, label=label)
    )
    positive = found.values.detach().double().cpu().clamp(min=0)
    highest = float(positive.max())
    shares = positive / highest if highest > 0 else torch.zeros_like(positive)
    pictures = colouring.pictures(pixels.numpy(), shares.numpy())
    rows, columns = shares.shape
    return ImageMap(
        method=found.method,
        layer=found.layer,
        size=pixels.shape[-1],
        rows=rows,
        columns=columns,
        grid=[[round(value, DIGITS) for value in row] for row in shares.tolist()],
        highest=highest,
        picture=pictures.picture,
        overlay=pictures.overlay,
        blended=pictures.blended,
    )


def _by_gradients(network: Differentiable, scaled: Tensor, label: int) -> _Map | None:
    """Return Grad-CAM of the last layer that has places and gradients; None where there is none."""
    for use in spatial_uses(network.module, network.logits, scaled)[:TRIED]:
        values = grad_cam(network.module, network.logits, scaled, use=use, label=label)
        if values is not None and torch.isfinite(values).all():
            return _Map("grad_cam", use.name, values)
    return None
