"""Maps of images: their mass lies where the score comes from, whatever the method."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from experiments.training.explanation import colouring, occlusion
from experiments.training.explanation.findings import ImageMap
from experiments.training.explanation.image_maps import explain_image
from experiments.training.models.monai_networks import VisionTransformer
from tests.experiments.training.explanation.networks import (
    SIDE,
    SQUARE,
    FlatFinder,
    SquareFinder,
    differentiable,
    predicting,
    scaled,
    square_at,
)


def explained(module: nn.Module, pixels: torch.Tensor, label: int = 1) -> ImageMap:
    network = differentiable(module.eval())
    return explain_image(pixels, predict=predicting(network), network=network, scaled=scaled(pixels[None]), label=label)


def share_inside(found: ImageMap, row: int, column: int) -> float:
    whole = colouring.stretched(np.array(found.grid), SIDE)
    return float(whole[row : row + SQUARE, column : column + SQUARE].sum() / whole.sum())


@pytest.mark.parametrize(
    ("module", "method", "layer"), [(SquareFinder, "grad_cam", "features"), (FlatFinder, "occlusion", None)]
)
@pytest.mark.parametrize(("row", "column"), [(0, 0), (3, 15), (18, 9)])
def test_the_mass_lies_in_the_square(
    module: type[nn.Module], method: str, layer: str | None, row: int, column: int
) -> None:
    found = explained(module(), square_at(row, column))
    assert (found.method, found.layer) == (method, layer)
    assert share_inside(found, row, column) > 0.6  # of 6 % of the area
    assert max(max(line) for line in found.grid) == 1
    assert found.highest > 0
    assert (found.rows, found.columns) == (len(found.grid), len(found.grid[0]))


def test_a_vision_transformer_is_explained_by_occlusion() -> None:
    torch.manual_seed(0)
    network = VisionTransformer(
        in_channels=1,
        img_size=SIDE,
        patch_size=6,
        hidden_size=12,
        mlp_dim=12,
        num_layers=1,
        num_heads=2,
        classification=True,
        num_classes=1,
        spatial_dims=2,
        post_activation="none",
    )
    found = explained(network, square_at(6, 6))
    assert found.method == "occlusion"
    assert (found.rows, found.columns) == (14, 14)


@pytest.mark.parametrize("module", [SquareFinder, FlatFinder])
def test_what_nothing_speaks_for_has_an_empty_map(module: type[nn.Module]) -> None:
    found = explained(module(), square_at(6, 6), label=0)
    assert found.highest == 0
    assert {value for line in found.grid for value in line} == {0}
    assert not np.asarray(Image.open(io.BytesIO(found.overlay)))[..., 3].any()  # nothing is drawn


def test_occlusion_says_by_how_much_the_logit_falls() -> None:
    predict = predicting(differentiable(FlatFinder()))
    pixels = square_at(6, 6)
    fall = occlusion.occlusion(predict, pixels, label=1)
    by_hand = pixels.clone()
    by_hand[:, 0:3, 0:3] = round(float(pixels.double().mean()))  # the first window: 24 / 14 pixels and half a margin
    assert fall.shape == (14, 14)
    assert fall[0, 0] == pytest.approx(float(predict(pixels[None])[0] - predict(by_hand[None])[0]))
    assert torch.equal(occlusion.occlusion(predict, pixels, label=0), -fall)


@pytest.mark.parametrize(("size", "cells"), [(8, 8), (14, 14), (64, 14), (65, 10), (1024, 10)])
def test_there_are_never_more_windows_than_that(size: int, cells: int) -> None:
    assert occlusion.grid_of(size) == cells


def test_the_windows_cover_each_pixel_and_nothing_else() -> None:
    for size in (8, 23, 64, 65, 224):
        seen = torch.zeros(1, size, size)

        def predict(images: torch.Tensor, seen: torch.Tensor = seen) -> np.ndarray:
            if len(images) > 1:
                seen += (images != 1).any(dim=0)
            return np.zeros(len(images))

        pixels = torch.ones(1, size, size)
        pixels[0, 0, 0] = 0
        occlusion.occlusion(predict, pixels, label=1)
        assert bool(seen.all())


def test_the_pictures_are_of_one_size_and_the_image_is_what_the_network_got() -> None:
    pixels = square_at(3, 3)
    found = explained(SquareFinder(), pixels)
    picture, overlay, blended = (
        Image.open(io.BytesIO(content)) for content in (found.picture, found.overlay, found.blended)
    )
    assert picture.size == overlay.size == blended.size == (240, 240)  # 24 x 10: whole pixels
    assert (picture.mode, overlay.mode, blended.mode) == ("RGB", "RGBA", "RGB")
    assert np.array_equal(np.asarray(picture)[5::10, 5::10, 0], pixels[0].numpy())
    opaque = np.asarray(overlay)[..., 3]
    assert opaque[60, 60] > 200
    assert opaque[200, 200] == 0
    assert np.array_equal(np.asarray(blended)[200, 200], np.asarray(picture)[200, 200])


def test_equal_steps_of_the_colours_look_equally_different() -> None:
    colours = colouring.oklab(colouring.ramp().astype(float))
    steps = np.linalg.norm(colours[8:] - colours[:-8], axis=1)
    assert steps.std() < 0.1 * steps.mean()  # but for rounding to whole numbers
    assert all(before < after for before, after in pairwise(colours[::8, 0]))  # lighter and lighter
    assert tuple(colouring.ramp()[0]) == colouring.LOW
    assert tuple(colouring.ramp()[-1]) == colouring.HIGH


def test_oklab_is_the_published_one() -> None:
    # Ottosson's own examples are of XYZ; white, red and blue in sRGB are those that his page and CSS Color 4 give.
    found = colouring.oklab(np.array([[255, 255, 255], [255, 0, 0], [0, 0, 255]]))
    expected: list[list[float]] = [[1, 0, 0], [0.62796, 0.22486, 0.12585], [0.45201, -0.03246, -0.31153]]
    assert np.allclose(found, expected, atol=2e-4)
