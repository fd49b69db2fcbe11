"""Augmentation: how far each change goes, measured on images of coordinates, and what a run does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from experiments.training.callbacks.augmenting import contact_sheet
from experiments.training.contract.reports import CheckpointSaved
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.augmentation import PRESETS, Strength, augment
from experiments.training.data.sources import inspect
from tests.experiments.training.datasets import config_of
from tests.experiments.training.trainings import Network, SmallData, carry_out, job_of, of_type, outcome

COUNT, SIZE = 400, 32


def coordinates() -> Tensor:
    """Make (400, 2, 32, 32): each pixel's own x and y, as halves of -1 … 1, so that no change leaves the range."""
    places = (torch.arange(SIZE) + 0.5) / SIZE * 2 - 1
    y, x = torch.meshgrid(places, places, indexing="ij")
    return torch.stack((x, y)).repeat(COUNT, 1, 1, 1) / 2


def changed(strength: Strength, images: Tensor | None = None, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return augment(coordinates() if images is None else images, strength, generator)


def geometry(strength: Strength) -> dict[str, np.ndarray[Any, Any]]:
    """Measure at each image's middle what was done to it: where it came from, and in which direction."""
    result = changed(strength).double().numpy() * 2
    middle = result[:, :, SIZE // 2 - 1 : SIZE // 2 + 1, SIZE // 2 - 1 : SIZE // 2 + 1]
    along_x, along_y = middle.mean(axis=2), middle.mean(axis=3)
    dx = (along_x[:, :, 1] - along_x[:, :, 0]) * SIZE / 2  # (N, 2): of the source's x and y, per step to the right
    dy = (along_y[:, :, 1] - along_y[:, :, 0]) * SIZE / 2
    upright = np.sign(dx[:, 0])
    return {
        "mirrored right": dx[:, 0] < 0,
        "mirrored down": dy[:, 1] < 0,
        "degrees": np.degrees(np.arctan2(dx[:, 1] * upright, dx[:, 0] * upright)),
        "zoom": np.hypot(dx[:, 0], dx[:, 1]),
        "shift": middle.mean(axis=(2, 3)) / 2,  # of the image's size
    }


def test_no_strength_changes_nothing() -> None:
    assert torch.allclose(changed(Strength()), coordinates(), atol=1e-6)


@pytest.mark.parametrize("axis", ["horizontal", "vertical"])
def test_half_of_the_images_are_flipped(axis: str) -> None:
    result, original = changed(Strength(**{f"{axis}_flip": True})), coordinates()
    mirrored = original.flip(3 if axis == "horizontal" else 2)
    is_mirrored = [torch.allclose(image, twin, atol=1e-5) for image, twin in zip(result, mirrored, strict=True)]
    is_original = [torch.allclose(image, twin, atol=1e-5) for image, twin in zip(result, original, strict=True)]
    assert all(a != b for a, b in zip(is_mirrored, is_original, strict=True))
    assert 150 < sum(is_mirrored) < 250


@pytest.mark.parametrize("preset", ["light", "medium", "xray"])
def test_presets_turn_zoom_and_shift_up_to_their_limits(preset: Any) -> None:
    strength = PRESETS[preset]
    bare = Strength(strength.horizontal_flip, strength.vertical_flip, strength.degrees, strength.zoom, strength.shift)
    found = geometry(bare)
    assert np.abs(found["degrees"]).max() == pytest.approx(strength.degrees, rel=0.05)
    assert np.abs(found["degrees"].mean()) < strength.degrees / 5
    assert found["zoom"].max() == pytest.approx(1 + strength.zoom, rel=0.01)
    assert found["zoom"].min() == pytest.approx(1 / (1 + strength.zoom), rel=0.01)
    assert np.abs(found["shift"]).max() == pytest.approx(strength.shift, rel=0.05)
    assert found["mirrored right"].any() == strength.horizontal_flip
    assert found["mirrored down"].any() == strength.vertical_flip


def test_x_rays_are_never_mirrored() -> None:
    found = geometry(PRESETS["xray"])
    assert not found["mirrored right"].any()
    assert not found["mirrored down"].any()


def test_contrast_brightness_and_noise() -> None:
    original = coordinates()
    contrast = changed(Strength(contrast=0.2)).std(dim=(1, 2, 3)) / original.std(dim=(1, 2, 3))
    assert contrast.max().item() == pytest.approx(1.2, rel=0.01)
    assert contrast.min().item() == pytest.approx(1 / 1.2, rel=0.01)
    brightness = changed(Strength(brightness=0.1)).mean(dim=(1, 2, 3))
    assert brightness.max().item() == pytest.approx(0.2, rel=0.02)  # a tenth of the range from -1 to 1
    assert brightness.min().item() == pytest.approx(-0.2, rel=0.02)
    assert (changed(Strength(noise=0.02)) - original).std().item() == pytest.approx(0.04, rel=0.02)


def test_values_stay_in_their_range_and_depend_on_the_generator_alone() -> None:
    images = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(1)) * 2 - 1
    first = changed(PRESETS["medium"], images)
    torch.manual_seed(99)
    assert torch.equal(first, changed(PRESETS["medium"], images))
    assert not torch.equal(first, changed(PRESETS["medium"], images, seed=1))
    assert first.abs().max() <= 1
    same = changed(PRESETS["medium"], images[:1].repeat(8, 1, 1, 1))
    assert len({image.numpy().tobytes() for image in same}) == 8


def test_what_the_contact_sheet_looks_like() -> None:
    """Samples of 60 pixels are shown as they are, 4 by 4, with 2 white pixels between."""
    images = torch.linspace(-1, 1, 16).view(16, 1, 1, 1).repeat(1, 1, 60, 60)
    sheet = np.asarray(contact_sheet(images))
    assert sheet.shape == (4 * 60 + 3 * 2,) * 2
    for number in range(16):
        y, x = number // 4 * 62, number % 4 * 62
        assert (sheet[y : y + 60, x : x + 60] == round(number * 255 / 15)).all()
    assert (sheet[60:62] == 255).all()
    assert contact_sheet(torch.zeros(16, 3, 20, 10)).size == (4 * 50 + 6, 4 * 100 + 6)  # 5 times larger


class Pictures(SmallData):
    """100 images of 8 x 8 random pixels; unshuffled, so an epoch's images come in the order of the rows."""

    def __init__(self) -> None:
        super().__init__()
        self.x = torch.rand(100, 1, 8, 8, generator=torch.Generator().manual_seed(2)) * 2 - 1
        self.input_shape = (1, 8, 8)


class Looking(Network):
    """A callback that keeps the images of each epoch's training, and those of validation and test."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[int, list[Tensor]] = {}
        self.held_out: list[Tensor] = []

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.flatten(1)[:, :5])

    def training_step(self, batch: Any, batch_idx: int) -> dict[str, Tensor]:
        self.seen.setdefault(self.current_epoch, []).append(batch[0].clone())
        return super().training_step(batch, batch_idx)

    def validation_step(self, batch: Any, batch_idx: int) -> dict[str, Tensor]:
        self.held_out.append(batch[0].clone())
        return super().validation_step(batch, batch_idx)

    def images(self, epoch: int) -> Tensor:
        return torch.cat(self.seen[epoch])


CONFIG: dict[str, Any] = {"trainer": {"max_epochs": 3}, "augmentation": {"preset": "light"}}


def test_a_run_sees_other_images_each_epoch_and_a_resumed_one_the_same(tmp_path: Path) -> None:
    data, whole = Pictures(), Looking()
    assert outcome(carry_out(job_of(tmp_path / "whole" / "7", **CONFIG), data=data, model=whole)).reason is None
    epochs = [whole.images(epoch) for epoch in range(3)]
    assert all(not torch.allclose(images, data.x[:50], atol=0.1) for images in epochs)
    assert not torch.allclose(epochs[0], epochs[1], atol=0.1)
    assert torch.equal(torch.cat(whole.held_out[:2]), data.x[50:80])

    run_dir = tmp_path / "7"
    first = carry_out(
        job_of(run_dir, **CONFIG),
        data=Pictures(),
        model=Looking(),
        stop_at=lambda m: isinstance(m, CheckpointSaved) and m.epoch == 0,
    )
    saved = of_type(first, CheckpointSaved)[-1]
    resumed = Looking()
    job = job_of(run_dir, attempt=2, resume=(run_dir / saved.last, saved.epoch), **CONFIG)
    carry_out(job, data=Pictures(), model=resumed)
    assert [torch.equal(resumed.images(epoch), epochs[epoch]) for epoch in (1, 2)] == [True, True]


def test_the_run_s_files_show_its_first_16_training_images(tmp_path: Path) -> None:
    model = Looking()
    carry_out(job_of(tmp_path / "7", **CONFIG), data=Pictures(), model=model)
    with Image.open(tmp_path / "7" / "augmentation.png") as sheet:
        assert np.array_equal(np.asarray(sheet), np.asarray(contact_sheet(model.images(0)[:16])))


def test_without_augmentation_images_are_as_they_are(tmp_path: Path) -> None:
    data, model = Pictures(), Looking()
    carry_out(job_of(tmp_path / "7", trainer={"max_epochs": 1}), data=data, model=model)
    assert torch.equal(model.images(0), data.x[:50])
    assert not (tmp_path / "7" / "augmentation.png").exists()


def test_built_in_images_are_augmented(tmp_path: Path) -> None:
    job = job_of(
        tmp_path / "7",
        source_path="builtin:digits-is-8",
        trainer={"max_epochs": 1},
        model={"width": 2},
        data={"batch_size": 300, "image_size": 8, "channels": 3},
        augmentation={"preset": "medium"},
    )
    assert outcome(carry_out(job)).reason is None
    with Image.open(tmp_path / "7" / "augmentation.png") as sheet:
        assert (sheet.mode, sheet.size) == ("RGB", (4 * 112 + 6, 4 * 112 + 6))


def test_tables_have_no_images_to_change() -> None:
    with pytest.raises(SourceError, match="table") as refused:
        inspect(config_of("builtin:breast-cancer", data={"batch_size": 32}, augmentation={"preset": "light"}), [])
    assert refused.value.field == "augmentation.preset"
