"""What alone tells the classes of images apart, or the splits: told, before a network learns it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from experiments.training.contract.reading import Finding
from experiments.training.contract.splits import SplitName
from experiments.training.data.images.headers import Header, HeaderCounts
from experiments.training.data.loading import Samples
from experiments.training.preflight import image_statistics, shortcuts

GREY = Header(64, 64, "L", "PNG", 8, coloured=False)
SPLITS: list[SplitName] = ["train", "train", "val", "test"]


def noise(count: int = 80, *, low: int = 40, high: int = 200) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(low, high, (count, 1, 16, 16), dtype=np.uint8)


def found(
    images: NDArray[np.uint8],
    *,
    headers: Sequence[Header] = (),
    classes: Sequence[str] = ("well", "ill"),
    assigned: list[SplitName] | None = None,
    labels: list[int] | None = None,
) -> dict[str, Finding]:
    """Find shortcuts among images of which every second one is ill, and a quarter each for validation and test."""
    count = len(images)
    ids = [f"s{number}" for number in range(count)]
    samples = Samples(
        name="pictures",
        classes=list(classes),
        inputs=torch.from_numpy(images),
        labels=labels or [number % len(classes) for number in range(count)],
        sample_ids=ids,
        patient_ids=ids,
        assigned=assigned or [SPLITS[number // 2 % 4] for number in range(count)],
        header_counts=HeaderCounts(list(headers or [GREY] * count), {}),
    )
    return {finding.code: finding for finding in shortcuts.of_images(samples)}


def test_nothing_is_said_of_images_that_differ_by_what_they_show() -> None:
    images = noise()
    images[1::2, :, 4:12, 4:12] = np.sort(images[1::2, :, 4:12, 4:12], axis=2)  # order, not brightness
    assert found(images) == {}


def test_a_class_whose_images_are_all_brighter() -> None:
    images = noise()
    images[1::2] += 50
    finding = found(images)["class_shortcut"]
    assert finding.level == "warning"
    ill, well = (np.median(images[start::2].mean(axis=(1, 2, 3))) for start in (1, 0))
    expected = f"The mean brightness alone tells class 'ill' from the others (AUROC 1.00): {ill:.0f} against {well:.0f}"
    assert expected in finding.text
    darker = noise()
    darker[1::2] -= 35
    assert "mean brightness alone" in found(darker)["class_shortcut"].text


def test_brightness_that_separates_most_but_not_nearly_all_is_not_told() -> None:
    images = noise()
    images[1::2] += 50
    images[1:20:2] -= 50
    assert "class_shortcut" not in found(images)


def test_a_class_of_more_contrast() -> None:
    images = noise(low=100, high=140)
    images[1::2] = np.random.default_rng(1).integers(20, 221, images[1::2].shape)
    assert "The contrast alone tells class 'ill'" in found(images)["class_shortcut"].text


@pytest.mark.parametrize(
    ("place", "edge"),
    [
        (np.s_[:, :, :1], "upper"),
        (np.s_[:, :, -2:], "lower"),
        (np.s_[:, :, :, :1], "left"),
        (np.s_[:, :, :, -1:], "right"),
    ],
)
@pytest.mark.parametrize("value", [0, 255])
def test_a_class_of_images_with_a_border(place: tuple[slice, ...], edge: str, value: int) -> None:
    images = noise()
    images[1::2][place] = value
    text = found(images)["class_shortcut"].text
    assert f"The mean brightness along the {edge} edge alone tells class 'ill' from the others (AUROC 1.00)" in text
    assert f"{value} against 1" in text


@pytest.mark.parametrize(("value", "what"), [(255, "brightest"), (0, "darkest")])
def test_a_class_of_images_with_a_mark_in_a_corner(value: int, what: str) -> None:
    images = noise()
    images[1::2, :, 14, 15] = value
    text = found(images)["class_shortcut"].text
    assert f"The {what} spot of the lower right corner alone tells class 'ill' from the others (AUROC 1.00)" in text
    assert "upper" not in text


@pytest.mark.parametrize("class_", [0, 1])
def test_a_class_that_a_program_brightened(class_: int) -> None:
    """By a tenth, which is less than images differ by nature; but it leaves gaps between the grey levels."""
    chance = np.random.default_rng(0)
    images = (chance.normal(120, 30, (200, 1, 16, 16)) + chance.normal(0, 30, (200, 1, 1, 1))).clip(0, 255)
    images = images.astype(np.uint8)
    assert found(images) == {}
    images[class_::2] = (images[class_::2] * 1.1).clip(0, 255).astype(np.uint8)
    text = found(images)["class_shortcut"].text
    name, others = ("class 'ill'", "the others") if class_ else ("the others", "class 'ill'")
    assert f"None of the images of {name} has the grey levels " in text
    assert f"which are usual in those of {others}" in text
    assert "mean brightness" not in text


def test_levels_that_only_a_part_of_the_images_has_say_nothing() -> None:
    """Flat pictures have one level each: of the others' levels a class has none, and neither would by chance."""
    images = np.broadcast_to(np.arange(80, dtype=np.uint8).reshape(80, 1, 1, 1) + 50, (80, 1, 16, 16)).copy()
    assert "class_shortcut" not in found(images)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"width": 512, "height": 512},
            "size of the files alone tells class 'ill' (512 x 512 pixels: 100%) from the others (64 x 64",
        ),
        ({"format": "JPEG"}, "format of the files alone tells class 'ill' (JPEG: 100%)"),
        ({"bits": 16}, "bit depth of the files alone tells class 'ill' (16 bits: 100%) from the others (8 bits: 100%)"),
        ({"mode": "RGB"}, "colour mode of the files alone tells class 'ill' (mode RGB: 100%)"),
        ({"transparent": True}, "transparency of the files alone tells class 'ill' (an alpha channel: 100%)"),
        ({"turned": True}, "EXIF orientation of the files alone tells class 'ill' (turned: 100%)"),
    ],
)
def test_a_class_whose_files_are_of_another_kind(changed: dict[str, Any], said: str) -> None:
    other = GREY._replace(**changed)
    headers = [other if number % 2 else GREY for number in range(80)]
    assert said in found(noise(), headers=headers)["class_shortcut"].text
    headers[1] = headers[3] = GREY  # 38 of 40: still nearly all
    assert "class_shortcut" in found(noise(), headers=headers)
    assert "class_shortcut" not in found(noise(), headers=[other if number % 3 else GREY for number in range(80)])


def test_sizes_of_their_own_say_nothing() -> None:
    """Nearly every photograph has another size; each of them tells the class of that one only."""
    headers = [Header(1000 + number, 900 + number, "RGB", "JPEG", 8, coloured=True) for number in range(80)]
    assert found(noise(), headers=headers) == {}


def test_one_of_several_classes() -> None:
    images = noise(90)
    images[2::3] += 50
    finding = found(images, classes=("a", "b", "c"))["class_shortcut"]
    assert "class 'c'" in finding.text
    assert "class 'a'" not in finding.text


def test_of_few_images_nothing_is_concluded() -> None:
    images = noise(18)
    images[1::2] += 50
    assert found(images) == {}


def test_a_test_split_from_elsewhere() -> None:
    images = noise()
    assigned: list[SplitName] = [SPLITS[number // 20] for number in range(80)]
    images[60:] += 50
    finding = found(images, assigned=assigned)["splits_differ"]
    assert "The mean brightness alone tells the test split from the training split" in finding.text
    headers = [GREY] * 60 + [Header(64, 64, "I;16", "PNG", 16, coloured=False)] * 20
    text = found(noise(), headers=headers, assigned=assigned)["splits_differ"].text
    assert "bit depth of the files alone tells the test split (16 bits: 100%) from the training split (8 bits" in text


def test_images_of_one_grey_level_and_nearly_black_ones() -> None:
    images = noise()
    images[0] = 7
    made = found(images)["uniform_images"]
    assert (made.level, made.text.startswith("1 of 80 images hold one grey level alone, e.g. s0.")) == ("info", True)
    images[:60] = 7
    assert found(images)["uniform_images"].level == "warning"
    dark = found(noise(low=0, high=17))["dark_images"]
    assert dark.level == "warning"
    assert dark.text.startswith("80 of 80 images are nearly black: nothing reaches 32 of 255")
    assert found(noise(low=200, high=210))["faint_images"].text.startswith("80 of 80 images hold next to no contrast")


def test_tables_have_no_pictures() -> None:
    samples = Samples("t", ["a", "b"], torch.zeros(4, 3), [0, 1, 0, 1], list("abcd"), list("abcd"), ["train"] * 4)
    assert shortcuts.of_images(samples) == []


def test_statistics_are_those_of_numpy() -> None:
    images = np.random.default_rng(0).integers(0, 256, (30, 3, 8, 8), dtype=np.uint8)
    made = image_statistics.measure(torch.from_numpy(images))
    flat = images.reshape(30, -1).astype(np.float64)
    assert np.allclose(made.mean, flat.mean(axis=1), atol=1e-3)
    assert np.allclose(made.spread, flat.std(axis=1), atol=1e-3)
    assert (made.lowest == flat.min(axis=1)).all()
    assert (made.highest == flat.max(axis=1)).all()
    assert np.allclose(made.local["mean brightness along the left edge"], images[..., 0].mean(axis=(1, 2)), atol=1e-3)
    assert np.allclose(made.local["contrast along the upper edge"], images[:, :, 0].std(axis=(1, 2)), atol=1e-3)
    corner = images[:, :, -1:, :1].reshape(30, -1)
    assert (made.local["darkest spot of the lower left corner"] == corner.min(axis=1)).all()
    assert (made.local["brightest spot of the lower left corner"] == corner.max(axis=1)).all()
    assert made.looked_at.tolist() == list(range(30))
    for image, levels in zip(images, made.levels, strict=True):
        assert np.flatnonzero(levels).tolist() == np.unique(image).tolist()


def test_of_very_many_images_a_spread_part_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_statistics, "MOST_IMAGES", 10)
    images = np.zeros((95, 1, 4, 4), np.uint8)
    made = image_statistics.measure(torch.from_numpy(images))
    assert made.places.tolist() == [number * 95 // 10 for number in range(10)]


def test_the_cost_is_bounded() -> None:
    images = torch.zeros((50_000, 1, 28, 28), dtype=torch.uint8)
    started = time.process_time()
    image_statistics.measure(images)
    assert time.process_time() - started < 5
