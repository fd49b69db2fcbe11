"""Folders that name classes: which level does, what is asked, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.experiments.training.data.arrangement.trees import (
    answers,
    images,
    is_silent,
    patients,
    question,
    read,
    refusal,
    said,
    splits,
    tree,
    unused,
)


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(images("cat", "dog"), id="one folder per class"),
        pytest.param(images("pets/cat", "pets/dog"), id="a wrapping folder"),
        pytest.param(images("a/b/c/d/e/f/cat", "a/b/c/d/e/f/dog"), id="seven folders deep"),
        pytest.param(images("cat/images", "dog/images"), id="images in a folder of each class"),
        pytest.param(images("images/cat", "images/dog"), id="classes in a folder of images"),
        pytest.param(images("train/data/cat", "train/data/dog"), id="a lone split and a folder of data"),
        pytest.param([*images("cat", "dog"), "README.md", "cat/notes.txt"], id="other files"),
    ],
)
def test_what_is_clear_is_read_without_a_word(tmp_path: Path, names: list[str]) -> None:
    index = read(tree(tmp_path / "x", names))
    assert index.counts == {"cat": 6, "dog": 6}
    assert index.reading.layout == "class_folders"
    assert is_silent(index)


def test_files_in_folders_below_a_class_belong_to_it_and_are_told(tmp_path: Path) -> None:
    """As BreakHis has them: class, kind of tumour, magnification."""
    names = images("benign", "malignant", "malignant/ductal", "benign/adenosis/40X", count=20)
    index = read(tree(tmp_path / "x", names))
    assert index.counts == {"benign": 40, "malignant": 40}
    assert said(index, "deeper_images").startswith("info: 40 images")
    assert not index.reading.questions


@pytest.mark.parametrize(
    ("names", "first", "second"),
    [
        pytest.param(
            images("berlin/NORMAL", "berlin/COVID", "paris/NORMAL", "paris/COVID"),
            {"NORMAL": 12, "COVID": 12},
            {"berlin": 12, "paris": 12},
            id="site, class",
        ),
        pytest.param(
            images("NORMAL/berlin", "NORMAL/paris", "COVID/berlin", "COVID/paris"),
            {"NORMAL": 12, "COVID": 12},
            {"berlin": 12, "paris": 12},
            id="class, site",
        ),
        pytest.param(
            images("AP/sick", "AP/well", "PA/sick", "PA/well"),
            {"sick": 12, "well": 12},
            {"AP": 12, "PA": 12},
            id="view",
        ),
        pytest.param(
            images("fold1/a", "fold1/b", "fold2/a", "fold2/b"),
            {"a": 12, "b": 12},
            {"fold1": 12, "fold2": 12},
            id="fold, class",
        ),
        pytest.param(
            images("benign/adenosis", "benign/fibroma", "malignant/ductal", "malignant/lobular", count=30),
            {"benign": 60, "malignant": 60},
            {"adenosis": 30, "ductal": 30, "fibroma": 30, "lobular": 30},
            id="class, subclass",
        ),
        pytest.param(
            images("a/1", "a/2", "b/1", "b/2"), {"a": 12, "b": 12}, {"1": 12, "2": 12}, id="class, numbers that recur"
        ),
        pytest.param(
            images("train/north/x", "train/south/y", "test/north/x", "test/south/y", count=30),
            {"north": 60, "south": 60},
            {"x": 60, "y": 60},
            id="two levels below splits",
        ),
    ],
)
def test_two_levels_that_may_be_the_classes_are_a_question(
    tmp_path: Path, names: list[str], first: dict[str, int], second: dict[str, int]
) -> None:
    folder = tree(tmp_path / "x", names)
    index = read(folder)
    asked = question(index, "class_folder")
    assert asked.field == "data.class_folder"
    assert "data.class_folder" in asked.text
    assert index.counts == first
    for counts, choice, options in zip((first, second), asked.choices, answers(asked), strict=True):
        answered = read(folder, **options)
        assert answered.counts == counts
        assert not answered.reading.questions
        assert all(f"{name} ({count})" in choice.consequence for name, count in counts.items())


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param(("40X", "100X", "400X"), id="magnifications"),
        pytest.param(("AP", "PA"), id="views"),
        pytest.param(("left_eye", "right_eye"), id="sides"),
        pytest.param(("T1", "FLAIR"), id="sequences"),
        pytest.param(("batch_1", "batch_2"), id="parts"),
    ],
)
def test_views_and_parts_inside_of_classes_are_no_classes(tmp_path: Path, inner: tuple[str, ...]) -> None:
    names = images(*(f"{name}/{part}" for name in ("benign", "malignant") for part in inner))
    index = read(tree(tmp_path / "x", names))
    assert list(index.counts) == ["benign", "malignant"]
    assert not index.reading.questions
    assert inner[0] in said(index, "deeper_images")


@pytest.mark.parametrize("parts", [("part1", "part2"), ("batch_a", "batch_b"), ("images_001", "images_002")])
def test_parts_that_hold_the_same_classes_are_read_together_and_told(tmp_path: Path, parts: tuple[str, str]) -> None:
    folder = tree(tmp_path / "x", images(*(f"{part}/{name}" for part in parts for name in ("sick", "well"))))
    index = read(folder)
    assert index.counts == {"sick": 12, "well": 12}
    assert not index.reading.questions
    assert parts[0] in said(index, "parts_joined")
    assert list(read(folder, class_folder=1).counts) == list(parts)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        pytest.param(images("train", "test"), "test, train look like splits", id="splits"),
        pytest.param(images("Training", "Validation", "Testing"), "look like splits", id="other words for splits"),
        pytest.param(images("1_train", "2_val"), "look like splits", id="numbered splits"),
        pytest.param(images("train_images", "test_images"), "look like splits", id="splits of images"),
        pytest.param(images("train/images", "test/images"), "look like splits", id="images in splits"),
        pytest.param(images("ISIC_Task3_Training_Input", "ISIC_Task3_Test_Input"), "look like splits", id="long names"),
        pytest.param(images("fold_1", "fold_2", "fold_3"), "look like folds", id="folds"),
        pytest.param(images("part1", "part2"), "look like parts of one data set", id="parts"),
        pytest.param(images("HAM10000_part_1", "HAM10000_part_2"), "look like parts of one", id="parts of a name"),
        pytest.param(images("images_001/images", "images_002/images"), "look like parts", id="parts as NIH has them"),
        pytest.param(images("P001", "P002", "P003"), "look like patients", id="patients"),
        pytest.param(images("sub-01", "sub-02", "sub-03"), "look like patients", id="subjects"),
        pytest.param(images("00012345", "00012346", "00012347"), "look like patients", id="numbers of patients"),
    ],
)
def test_folders_that_are_plainly_no_classes_are_refused(tmp_path: Path, names: list[str], words: str) -> None:
    folder = tree(tmp_path / "x", names)
    message = refusal(folder)
    assert words in message
    assert "nothing tells the classes" in message
    assert "data.layout to class_folders" in message
    index = read(folder, layout="class_folders")  # someone may want to tell them apart all the same
    assert len(index.counts) == len({name.split("/")[0] for name in names})
    assert not index.reading.questions


@pytest.mark.parametrize(
    "names", [("AP", "PA", "lateral"), ("left", "right"), ("R", "L"), ("axial", "coronal"), ("CT", "MRI")]
)
def test_views_alone_may_be_the_classes_and_are_asked_for(tmp_path: Path, names: tuple[str, ...]) -> None:
    folder = tree(tmp_path / "x", images(*names))
    index = read(folder)
    asked = question(index, "class_folder")
    assert "look like views" in asked.text
    assert is_silent(read(folder, **answers(asked)[0]))


def test_a_few_short_codes_may_be_patients_and_are_asked_for(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", images("P1", "P2", "P3"))
    asked = question(read(folder), "class_folder")
    assert "P1, P2, P3 look like patients or examinations" in asked.text
    assert read(folder, **answers(asked)[0]).counts == {"P1": 6, "P2": 6, "P3": 6}


def test_what_a_level_leaves_out_is_in_its_consequence(tmp_path: Path) -> None:
    names = [*images("normal", count=2), *images("abnormal/tb", "abnormal/flu", count=30)]
    folder = tree(tmp_path / "x", names)
    asked = question(read(folder), "class_folder")
    assert [read(folder, **options).counts for options in answers(asked)] == [
        {"normal": 2, "abnormal": 60},
        {"flu": 30, "tb": 30},
    ]
    assert asked.choices[1].consequence.endswith("2 images in no such folder are left out.")


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(("test_positive", "test_negative"), id="results of a test"),
        pytest.param(("left lung cancer", "healthy"), id="a side in one name"),
        pytest.param(("0", "1", "2"), id="numbers"),
        pytest.param(("stage1", "stage2"), id="stages"),
        pytest.param(("grade_1", "grade_2"), id="grades"),
        pytest.param(("valid", "invalid"), id="valid and invalid"),
        pytest.param(("P", "N"), id="letters"),
        pytest.param(("mask", "no_mask"), id="mask and no mask"),
        pytest.param(("with_mask", "without_mask"), id="with and without mask"),
        pytest.param(("BI-RADS 1", "BI-RADS 2"), id="scores"),
        pytest.param(("type 1", "type 2", "type 3"), id="types"),
    ],
)
def test_classes_that_resemble_something_else_are_classes(tmp_path: Path, names: tuple[str, ...]) -> None:
    index = read(tree(tmp_path / "x", images(*names)))
    assert set(index.counts) == set(names)
    assert is_silent(index)


def test_folders_of_one_number_are_neither_merged_nor_kept_apart_in_silence(tmp_path: Path) -> None:
    reading = read(tree(tmp_path / "x", images("0", "1", "01"))).reading
    texts = [*(asked.text for asked in reading.questions), *(found.text for found in reading.findings)]
    assert any("01" in text for text in texts)


def test_many_folders_of_few_images_are_doubted(tmp_path: Path) -> None:
    names = [f"{chr(97 + number)}lice" for number in range(25)]
    folder = tree(tmp_path / "x", images(*names, count=3))
    index = read(folder)
    asked = question(index, "class_folder")
    assert "25 folders with 3.0 images each" in asked.text
    assert is_silent(read(folder, **answers(asked)[0]))


def test_no_class_at_all(tmp_path: Path) -> None:
    assert "the images lie in one folder (images)" in refusal(tree(tmp_path / "a", images("images")))
    assert "the images lie in no folder" in refusal(tree(tmp_path / "b", ["1.png", "2.png"]))
    message = refusal(tree(tmp_path / "c", [*images("images"), "labels.xlsx"]))
    assert "labels.xlsx; save the one with the labels as CSV" in message
    assert "All samples" not in message


@pytest.mark.parametrize("name", ["test", "unlabelled", "val", "images"])
def test_a_folder_beside_the_classes_that_may_be_none_is_a_question(tmp_path: Path, name: str) -> None:
    folder = tree(tmp_path / "x", images("NORMAL", "PNEUMONIA", name))
    index = read(folder)
    asked = question(index, "ignore")
    assert index.counts == {"NORMAL": 6, "PNEUMONIA": 6}
    assert unused(index) == {("ignored", name): 6}
    assert index.reading.findings == []
    left_out, classes = (read(folder, **options) for options in answers(asked))
    assert (left_out.counts, unused(left_out)) == (index.counts, unused(index))
    assert classes.counts == {"NORMAL": 6, "PNEUMONIA": 6, name: 6}
    assert is_silent(left_out)
    assert is_silent(classes)


def test_images_outside_of_class_folders_are_counted_and_told(tmp_path: Path) -> None:
    index = read(tree(tmp_path / "x", [*images("cat", "dog"), "overview.png", "map.jpg"]))
    assert index.counts == {"cat": 6, "dog": 6}
    assert unused(index) == {("no_class", "the folder itself"): 2}
    assert said(index, "images_without_class").startswith("warning: 2 of 14 images are not used")


def test_other_files_are_counted_by_extension_and_images_in_other_formats_told(tmp_path: Path) -> None:
    names = [
        *images("a", "b"),
        *images("a", extension=".heic"),
        *images("b", extension=".nii.gz"),
        "a/x.txt",
        "LICENSE",
    ]
    index = read(tree(tmp_path / "x", names))
    assert unused(index) == {
        ("extension", ".heic"): 6,
        ("extension", ".nii.gz"): 6,
        ("extension", ".txt"): 1,
        ("extension", "none"): 1,
    }
    assert said(index, "formats_not_read").startswith("warning: 12 images are not used")
    assert ".heic (6), .nii.gz (6)" in said(index, "formats_not_read")


def test_a_request_that_asks_for_what_is_not_there(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", images("a", "b"))
    assert refusal(folder, class_folder=3).startswith("data.class_folder: No image lies 3 folders deep")
    assert refusal(folder, patient_folder=2).startswith("data.patient_folder: No image lies 2 folders deep")
    assert refusal(folder, layout="split_folders").startswith("data.layout: No folders called train")
    assert "Neither a CSV" in refusal(folder, layout="table")


def test_patients_named_by_folders_are_kept_together_and_told(tmp_path: Path) -> None:
    names = [f"{name}/P{number:03d}" for name in ("benign", "malignant") for number in range(12)]
    folder = tree(tmp_path / "x", images(*names, count=2))
    index = read(folder)
    assert (index.counts, patients(index)) == ({"benign": 24, "malignant": 24}, 12)
    facts = index.reading.patients
    assert (facts.count, facts.source, facts.name) == (12, "folder", "2")
    assert "12 of them" in said(index, "patients_from_folders")
    assert patients(read(folder, patients="each_sample")) == 48


def test_patients_above_the_classes(tmp_path: Path) -> None:
    index = read(
        tree(tmp_path / "x", images(*(f"{number:05d}/{name}" for number in range(12) for name in "01"), count=2))
    )
    assert (index.counts, patients(index)) == ({"0": 24, "1": 24}, 12)
    assert not index.reading.questions


def test_many_folders_of_few_images_in_a_class_may_be_patients(tmp_path: Path) -> None:
    names = [f"{name}/{name[0]}{chr(97 + number)}xx" for name in ("benign", "malignant") for number in range(12)]
    folder = tree(tmp_path / "x", images(*names, count=3))
    index = read(folder)
    asked = question(index, "patient_folder")
    assert (index.counts, patients(index)) == ({"benign": 36, "malignant": 36}, 24)
    grouped, single = (read(folder, **options) for options in answers(asked))
    assert (patients(grouped), patients(single)) == (24, 72)
    assert not grouped.reading.questions
    assert not single.reading.questions


def test_numbers_of_patients_that_start_again_in_each_split_are_a_question(tmp_path: Path) -> None:
    names = [f"{split}/{name}/P{number:03d}" for split in ("train", "test") for name in "ab" for number in range(4)]
    folder = tree(tmp_path / "x", images(*names, count=2))
    asked = question(index := read(folder), "patient_folder")
    assert "several splits (P000, P001, P002 and 1 more)" in asked.text
    assert patients(index) == 32
    single, grouped = (read(folder, **options) for options in answers(asked))
    assert (patients(single), patients(grouped)) == (32, 4)
    assert splits(index) == {"train": 16, "test": 16}
