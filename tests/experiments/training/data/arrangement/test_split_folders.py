"""Folders of splits: which names mean one, where they may lie, and what is left of those without classes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from experiments.training.contract.splits import SplitName
from tests.experiments.training.data.arrangement.trees import (
    answers,
    images,
    is_silent,
    labels,
    question,
    read,
    refusal,
    said,
    splits,
    tree,
    unused,
)
from tests.experiments.training.datasets import config_of


@pytest.mark.parametrize(
    "names",
    [
        pytest.param({"train": "train", "val": "val", "test": "test"}, id="plain"),
        pytest.param({"Training": "train", "VALID": "val", "Testing": "test"}, id="upper case"),
        pytest.param({"training_set": "train", "test_set": "test"}, id="sets"),
        pytest.param({"entrenamiento": "train", "validación": "val", "prueba": "test"}, id="Spanish"),
        pytest.param({"Trainingsdaten": "train", "Testdaten": "test"}, id="German"),
        pytest.param({"trainSet": "train", "testSet": "test"}, id="camel case"),
        pytest.param({"1_train": "train", "2_validation": "val", "3_test": "test"}, id="numbered"),
        pytest.param({"train2017": "train", "val2017": "val"}, id="years"),
        pytest.param({"stage_1_train_images": "train", "stage_1_test_images": "test"}, id="stages of a challenge"),
        pytest.param({"ISIC_Task3_Training_Input": "train", "ISIC_Task3_Test_Input": "test"}, id="same other words"),
        pytest.param({"train": "train", "dev": "val", "holdout": "test"}, id="dev and holdout beside train"),
        pytest.param({"train": "train", "hold-out": "test"}, id="hold-out"),
        pytest.param({"train": "train", "val": "val", "evaluation": "test"}, id="evaluation beside val"),
    ],
)
@pytest.mark.parametrize("above", [True, False], ids=["above the classes", "below the classes"])
def test_names_of_splits(tmp_path: Path, names: dict[str, SplitName], above: bool) -> None:
    folders = [f"{split}/{name}" if above else f"{name}/{split}" for split in names for name in ("cat", "dog")]
    index = read(tree(tmp_path / "x", images(*folders)))
    assert index.counts == {"cat": 6 * len(names), "dog": 6 * len(names)}
    assert splits(index) == dict.fromkeys(names.values(), 12)
    assert index.reading.layout == "split_folders"
    assert is_silent(index)
    assert all(f"{name}/" in index.reading.why for name in names)


def test_two_folders_of_one_split(tmp_path: Path) -> None:
    index = read(
        tree(tmp_path / "x", images(*(f"{split}/{name}" for split in ("train1", "train2", "test") for name in "ab")))
    )
    assert splits(index) == {"train": 24, "test": 12}


def test_splits_without_classes_are_left_out_and_told(tmp_path: Path) -> None:
    """The layout of challenges: nobody but the organisers knows the classes of the test images."""
    names = images("train/cat", "train/dog", "test", "unlabelled", count=20)
    index = read(tree(tmp_path / "x", names))
    assert index.counts == {"cat": 20, "dog": 20}
    assert splits(index) == {None: 40}
    assert unused(index) == {("no_class", "test/"): 20, ("no_class", "unlabelled/"): 20}
    told = said(index, "images_without_class")
    assert told.startswith("warning: 40 of 80 images are not used")
    assert "test/ (20), unlabelled/ (20)" in told
    assert not index.reading.questions


def test_a_test_split_without_classes_leaves_the_other_two(tmp_path: Path) -> None:
    index = read(tree(tmp_path / "x", images("train/cat", "train/dog", "val/cat", "val/dog", "test")))
    assert splits(index) == {"train": 12, "val": 12}
    assert unused(index) == {("no_class", "test/"): 6}


def test_a_copy_beside_the_splits_is_not_read_twice(tmp_path: Path) -> None:
    inner = [f"{split}/{name}" for split in ("train", "test") for name in ("NORMAL", "PNEUMONIA")]
    index = read(tree(tmp_path / "x", images(*inner, *(f"chest_xray/{folder}" for folder in inner))))
    assert index.counts == {"NORMAL": 12, "PNEUMONIA": 12}
    assert unused(index) == {("no_class", "chest_xray/"): 24}
    assert "chest_xray/ (24)" in said(index, "images_without_class")


def test_a_split_beside_another_folder_of_the_same_classes_is_a_question(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", images("train/cat", "train/dog", "backup/cat", "backup/dog"))
    index = read(folder)
    together, _, alone = (read(folder, **options) for options in answers(question(index, "class_folder")))
    assert together.counts == {"cat": 12, "dog": 12}
    assert (alone.counts, unused(alone)) == ({"cat": 6, "dog": 6}, {("ignored", "backup"): 12})
    assert is_silent(together)
    assert is_silent(alone)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(("dev", "test"), {"train": 12, "test": 12}, id="dev may be what there is to train on"),
        pytest.param(("dev", "holdout"), {"train": 12, "test": 12}, id="dev and holdout"),
        pytest.param(("train", "eval"), {"train": 12, "test": 12}, id="eval may validate or test"),
    ],
)
def test_names_that_are_used_for_different_splits_are_a_question(
    tmp_path: Path, names: tuple[str, str], expected: dict[str | None, int]
) -> None:
    folder = tree(tmp_path / "x", images(*(f"{split}/{name}" for split in names for name in ("cat", "dog"))))
    index = read(folder)
    asked = question(index, "layout")
    assert splits(index) == expected
    kept, divided, *validated = (read(folder, **options) for options in answers(asked))
    assert [sorted(map(str, splits(found))) for found in validated] == [["train", "val"]] * ("test" not in names)
    assert (splits(kept), splits(divided)) == (expected, {None: 24})
    assert divided.counts == {"cat": 12, "dog": 12}
    assert not kept.reading.questions
    assert not divided.reading.questions


def test_splits_with_different_classes_are_told(tmp_path: Path) -> None:
    index = read(tree(tmp_path / "x", images("train/cat", "train/dog", "test/cat", "test/cow")))
    told = said(index, "different_classes")
    assert told.startswith("warning: The splits have different class folders")
    assert "test: cat (6) and cow (6); train: cat (6) and dog (6)" in told
    same = read(tree(tmp_path / "y", images("train/cat", "train/dog", "test/Cat", "test/DOG ")))
    assert said(same, "different_classes") == ""


def test_splits_are_forgotten_on_request(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", images("train/cat", "train/dog", "test/cat", "test/dog"))
    index = read(folder, layout="class_folders", class_folder=2)
    assert (index.counts, splits(index)) == ({"cat": 12, "dog": 12}, {None: 24})
    assert splits(read(folder, layout="split_folders")) == {"train": 12, "test": 12}


def classes_in(*folders: str) -> list[str]:
    """Name images of two classes in each folder."""
    return images(*(f"{folder}/{name}" for folder in folders for name in ("ill", "well")))


@pytest.mark.parametrize(
    ("folders", "named", "expected"),
    [
        (("train", "eval"), ["eval=val"], {"train": 12, "val": 12}),
        (("train", "dev", "test"), ["Dev = test", "test=val"], {"train": 12, "val": 12, "test": 12}),
        (("train", "val", "test", "auto_test"), ["auto_test=test"], {"train": 12, "val": 12, "test": 24}),
        (("berlin", "paris", "rome"), ["paris=val", "rome=test", "berlin=train"], {"train": 12, "val": 12, "test": 12}),
        (("x/NCT-100K", "x/CRC-VAL-7K"), ["NCT-100K=train", "CRC-VAL-7K=test"], {"train": 12, "test": 12}),
    ],
)
def test_folders_are_the_splits_that_the_request_says(
    tmp_path: Path, folders: tuple[str, ...], named: list[str], expected: dict[str, int]
) -> None:
    index = read(tree(tmp_path / "x", classes_in(*folders)), split_folders=named)
    assert (splits(index), index.classes) == (expected, ["well", "ill"])
    assert not index.reading.questions


def test_a_folder_of_an_unsure_split_may_be_named_as_validation(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", classes_in("train", "eval"))
    as_test, again, as_val = (read(folder, **options) for options in answers(question(read(folder), "layout")))
    assert splits(as_test) == {"train": 12, "test": 12}
    assert splits(as_val) == {"train": 12, "val": 12}
    assert splits(again) == {None: 24}


def test_images_that_a_table_labels_lie_in_named_splits(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", images("berlin", "paris"), t=labels(images("berlin", "paris")))
    assert splits(read(folder)) == {None: 12}
    assert splits(read(folder, split_folders=["berlin=train", "paris=test"])) == {"train": 6, "test": 6}


def test_a_named_split_that_is_no_folder(tmp_path: Path) -> None:
    message = refusal(tree(tmp_path / "x", classes_in("train", "eval")), split_folders=["evil=val"])
    assert message == (
        "data.split_folders: No level of folders has all of evil: level 1 has eval, train; level 2 has ill, well. "
        "Name some of these."
    )


@pytest.mark.parametrize("named", [["dev"], ["dev=validation"], ["=val"], ["a=val", "a=test"]])
def test_named_splits_are_checked_with_the_request(tmp_path: Path, named: list[str]) -> None:
    with pytest.raises(ValidationError, match=r"as in dev=val|name each once"):
        config_of(tmp_path, data={"split_folders": named})


@pytest.mark.parametrize("numbered", [("{}. {} Set", "ab"), ("{} {}", "12"), ("{}) {} images", "AB")])
def test_splits_that_are_counted_by_letters_and_the_tables_beside_them(
    tmp_path: Path, numbered: tuple[str, str]
) -> None:
    """As IDRiD has them: the numbers of images start again in the test set, and the tables lie in a third folder."""
    form, signs = numbered
    names = [form.format(sign, split) for sign, split in zip(signs, ("Training", "Testing"), strict=True)]
    ids = [f"IDRiD_{number:03d}" for number in range(8)]
    tables = {f"2. Groundtruths__{name} Labels": labels(ids, header="Image name,label") for name in names}
    folder = tree(tmp_path / "x", [f"1. Images/{name}/{id_}.jpg" for name in names for id_ in ids], **tables)
    index = read(folder)
    assert splits(index) == {"train": 8, "test": 8}
    assert [finding.code for finding in index.reading.findings] == []
    assert not index.reading.questions
