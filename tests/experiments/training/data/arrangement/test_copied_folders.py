"""Folders that hold images of others again, unchanged or not, are no classes: asked about by name or content."""

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
    splits,
    tree,
    unused,
)
from tests.experiments.training.datasets import zipped


@pytest.mark.parametrize(
    "made",
    [
        "sick_aug",
        "sick augmented",
        "Augmented_sick",
        "sick - Copy",
        "Copy of sick",
        "sick (2)",
        "sick_flipped",
        "SICK-Kopie",
    ],
)
def test_a_folder_called_as_made_of_another_one(tmp_path: Path, made: str) -> None:
    folder = tree(tmp_path / "x", images("well", "sick", made))
    asked = question(index := read(folder), "ignore")
    assert (index.counts, unused(index)) == ({"sick": 6, "well": 6}, {("ignored", made): 6})
    without, all_ = answers(asked)
    assert is_silent(read(folder, **without))
    assert read(folder, **without).counts == {"sick": 6, "well": 6}
    assert read(folder, **all_).counts == {made: 6, "sick": 6, "well": 6}


@pytest.mark.parametrize(
    "names", [("stage 1", "stage 2"), ("copy", "original"), ("flipped T", "upright T"), ("a (1)", "a (2)")]
)
def test_words_of_copies_without_the_original_are_classes(tmp_path: Path, names: tuple[str, str]) -> None:
    assert read(tree(tmp_path / "x", images(*names))).counts == dict.fromkeys(names, 6)


def test_a_split_and_its_augmentation(tmp_path: Path) -> None:
    index = read(
        tree(tmp_path / "x", images(*(f"{s}/{c}" for s in ("train", "train_aug", "val") for c in ("ill", "well"))))
    )
    assert [found.code for found in index.reading.questions] == ["ignore"]
    assert splits(index) == {"train": 12, "val": 12}


def filled(folder: Path) -> Path:
    """Write some bytes into each image: empty ones have no size to compare."""
    for path in folder.rglob("*.png"):
        path.write_text(path.stem)
    return folder


CLASSES = ("no", "yes")
SPLITS = tuple(f"{split}/{name}" for split in ("train", "test") for name in CLASSES)


@pytest.mark.parametrize(
    ("folders", "inner"),
    [
        (CLASSES, "brain_tumor_dataset"),
        (SPLITS, "chest_xray"),
        (SPLITS, "data"),
        (tuple(f"x/{n}" for n in CLASSES), "x/x"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_download_that_holds_itself_again(tmp_path: Path, folders: tuple[str, ...], inner: str, packed: bool) -> None:
    below = [name.removeprefix("x/") for name in folders]
    folder = filled(tree(tmp_path / "x", images(*folders, *(f"{inner}/{name}" for name in below))))
    if packed:
        folder = zipped(folder)
    asked = question(index := read(folder), "ignore")
    count = 6 * len(folders)
    assert (len(index.samples), unused(index)) == (count, {("ignored", inner): count})
    assert index.classes == list(CLASSES)
    without = answers(asked)[0]
    assert is_silent(read(folder, **without))
    assert read(folder, **without).counts == index.counts


def test_equal_names_of_other_sizes_are_other_images(tmp_path: Path) -> None:
    folder = filled(tree(tmp_path / "x", images("train/ill", "train/well", "ill", "well")))
    for path in (folder / "train").rglob("*.png"):
        path.write_bytes(b"another one")
    assert "ignored" not in {kind for kind, _ in unused(read(folder))}


def test_a_table_says_which_copy_is_meant(tmp_path: Path) -> None:
    ids = [f"images/{name}" for name in images("a", count=8)]
    index = read(filled(tree(tmp_path / "x", images("images/a", "images/images/a", count=8), labels=labels(ids))))
    assert not index.reading.questions
    assert len(index.samples) == 8


@pytest.mark.parametrize(
    ("kept", "other", "where"), [("dicom", "png", ""), ("png", "jpg", "study/"), ("images", "original", "train/")]
)
def test_images_in_two_formats_are_read_once(tmp_path: Path, kept: str, other: str, where: str) -> None:
    folders = [f"{where}{kept}/{name}" for name in CLASSES], [f"{where}{other}/{name}" for name in CLASSES]
    folder = tree(
        tmp_path / "x", [*images(*folders[0]), f"{where}{kept}/no/more.png", *images(*folders[1], extension=".dcm")]
    )
    asked = question(index := read(folder), "ignore")
    assert (len(index.samples), unused(index)) == (13, {("ignored", f"{where}{other}"): 12})
    without, both = (read(folder, **options) for options in answers(asked))
    assert (len(without.samples), len(both.samples)) == (13, 25)


def test_containers_of_different_images_are_read_together(tmp_path: Path) -> None:
    names = [f"{folder}/{name}/{folder}{n}.png" for folder in ("images", "data") for name in CLASSES for n in range(6)]
    index = read(tree(tmp_path / "x", names))
    assert (len(index.samples), is_silent(index)) == (24, True)


def test_many_folders_in_two_formats_have_one_pattern(tmp_path: Path) -> None:
    folders = [f"{name}/P{number:03d}/{form}" for name in CLASSES for number in range(15) for form in ("dicom", "png")]
    folder = tree(tmp_path / "x", images(*folders, count=2))
    asked = question(read(folder), "ignore")
    assert [options["ignore"] for options in answers(asked)] == [["png"], []]
    assert len(read(folder, ignore=["png"]).samples) == 60
