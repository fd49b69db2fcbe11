"""Masks beside images: left out where their images show what they are, asked about where only a name does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.experiments.training.data.arrangement.trees import (
    answers,
    images,
    is_silent,
    labels,
    question,
    read,
    refusal,
    said,
    tree,
    unused,
)

CLASSES = ("benign", "malignant")


@pytest.mark.parametrize(
    "mask",
    [
        "{n}_mask.png",
        "{n}_mask_1.png",
        "{n}-Mask.PNG",
        "{n} mask.tif",
        "{n}_segmentation.png",
        "{n}_seg.png",
        "{n}_GT.png",
        "{n}.mask.png",
        "{n}_label.png",
        "masks/{n}.png",
        "masks/{n}_mask.png",
        "segmentation/{n}.png",
        "mask_{n}.png",
    ],
)
def test_masks_with_their_images_are_no_samples(tmp_path: Path, mask: str) -> None:
    """As BUSI has them, and others: for each image a mask, beside it or in a folder."""
    names = [f"{name}/{name} ({n}){'.png'}" for name in CLASSES for n in range(20)]
    masks = [f"{name}/{mask.format(n=f'{name} ({n})')}" for name in CLASSES for n in range(20)]
    index = read(tree(tmp_path / "x", names + masks))
    assert index.counts == {"benign": 20, "malignant": 20}
    assert sum(unused(index).values()) == 40
    assert {kind for kind, _ in unused(index)} == {"mask"}
    assert said(index, "masks_left_out").startswith("info: 40 masks beside their images are left out")
    assert not index.reading.questions


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(
            [f"{name}/{kind}" for name in ("COVID", "NORMAL") for kind in ("images", "masks")], id="in classes"
        ),
        pytest.param(
            [f"{kind}/{name}" for name in ("COVID", "NORMAL") for kind in ("imgs", "GroundTruth")], id="above"
        ),
    ],
)
def test_folders_of_masks_beside_folders_of_images(tmp_path: Path, names: list[str]) -> None:
    index = read(tree(tmp_path / "x", images(*names)))
    assert sorted(index.counts.items()) == [("COVID", 6), ("NORMAL", 6)]
    assert sum(unused(index).values()) == 12
    assert not index.reading.questions


def test_masks_of_images_that_a_table_names(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", images("images", "masks"), labels=labels(range(6)))
    index = read(folder)
    assert {sample.file.split("/")[0] for sample in index.samples} == {"images"}
    assert unused(index) == {("mask", "masks"): 6}
    assert "6 ids have more than one image" in refusal(folder, ignore=[])


def test_pairs_of_images_and_masks_without_classes_are_refused(tmp_path: Path) -> None:
    message = refusal(tree(tmp_path / "x", images("images", "masks")))
    assert "the images lie in one folder (images)" in message
    assert "6 masks beside their images are left out" in message


@pytest.mark.parametrize("name", ["masks", "segmentations", "ground_truth", "lung masks"])
def test_a_folder_beside_classes_that_is_called_as_masks_are_is_a_question(tmp_path: Path, name: str) -> None:
    folder = tree(tmp_path / "x", images("NORMAL", "COVID", name))
    asked = question(index := read(folder), "ignore")
    assert f"{name} (6 images, e.g. {name}/0.png)" in asked.text
    left_out, kept = (read(folder, **options) for options in answers(asked))
    assert set(index.counts) == set(left_out.counts) == {"NORMAL", "COVID"}
    assert set(kept.counts) == {"NORMAL", "COVID", name}
    assert is_silent(left_out)
    assert is_silent(kept)


def test_masks_without_their_images_are_a_question(tmp_path: Path) -> None:
    names = [*images("a", "b", count=20), *(f"a/other{number}_mask.png" for number in range(4))]
    folder = tree(tmp_path / "x", names)
    left_out, kept = (read(folder, **options) for options in answers(question(read(folder), "ignore")))
    assert left_out.counts == {"a": 20, "b": 20}
    assert kept.counts == {"a": 24, "b": 20}


@pytest.mark.parametrize("inner", ["augmented", "Augmentation", "thumbnails"])
def test_copies_made_of_images_are_a_question(tmp_path: Path, inner: str) -> None:
    folder = tree(tmp_path / "x", images("cat", "dog", f"cat/{inner}", f"dog/{inner}"))
    left_out, kept = (read(folder, **options) for options in answers(question(read(folder), "ignore")))
    assert left_out.counts == {"cat": 6, "dog": 6}
    assert kept.counts == {"cat": 12, "dog": 12}


@pytest.mark.parametrize("names", [("with_mask", "without_mask"), ("mask", "no mask"), ("Mask", "Non Mask")])
def test_people_with_and_without_masks_are_classes(tmp_path: Path, names: tuple[str, str]) -> None:
    index = read(tree(tmp_path / "x", [f"{name}/{name}_{number}.jpg" for name in names for number in range(8)]))
    assert set(index.counts) == set(names)
    assert is_silent(index)


@pytest.mark.parametrize(
    ("patterns", "left", "gone"),
    [
        pytest.param(["masks"], {"a": 3, "b": 3}, {("ignored", "masks"): 6}, id="a folder's name"),
        pytest.param(["*_crop*"], {"a": 5, "b": 5}, {("ignored", "*_crop*"): 2}, id="a pattern of files"),
        pytest.param(["b/masks", "*_CROP.png"], {"a": 5, "b": 2}, {("ignored", "b/masks"): 3, ("ignored", "*_CROP.png"): 2}, id="a path"),  # noqa: E501
        pytest.param(["b"], {"a": 6}, {("ignored", "b"): 6}, id="a class"),
        pytest.param(["[", "mask", "asks"], {"a": 6, "b": 6}, {}, id="nothing that is there"),
        pytest.param([], {"a": 6, "b": 6}, {}, id="none"),
    ],
)  # fmt: skip
def test_what_the_request_ignores(
    tmp_path: Path, patterns: list[str], left: dict[str, int], gone: dict[tuple[str, str], int]
) -> None:
    names = [f"{name}/{file}" for name in "ab" for file in ("0.png", "1.png", "0_crop.png")]
    folder = tree(tmp_path / "x", [*names, *images("a/masks", "b/masks", count=3)])
    index = read(folder, ignore=patterns)
    assert (index.counts, unused(index)) == (left, gone)
