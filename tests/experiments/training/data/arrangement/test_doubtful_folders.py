"""Folders that may be classes or not, by their names: asked about, and what else may name the classes is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.training.data import sources
from experiments.training.data.sources import SourceError
from tests.experiments.training.data.arrangement.trees import answers, images, is_silent, question, read, tree
from tests.experiments.training.datasets import config_of


@pytest.mark.parametrize(
    ("names", "looks"),
    [
        pytest.param([f"LIDC-IDRI-{n:04d}" for n in range(15)], "codes of patients", id="codes"),
        pytest.param(
            ["OAS1_0028_s1", "OAS1_0031_s2", "OAS1_0040_s1"], "codes of patients", id="codes of several numbers"
        ),
        pytest.param(["sick_train", "sick_test", "well_train", "well_test"], "splits and classes", id="class, split"),
        pytest.param(["train-a", "train-b", "val-a", "val-b"], "splits and classes", id="split, class"),
        pytest.param(
            ["study1_negative", "study1_positive", "study2_negative"], "differ in a number only", id="as MURA has them"
        ),
    ],
)
def test_names_that_may_be_no_classes_are_asked_about(tmp_path: Path, names: list[str], looks: str) -> None:
    folder = tree(tmp_path / "x", images(*names))
    asked = question(index := read(folder), "class_folder")
    assert looks in asked.text
    assert index.counts == dict.fromkeys(sorted(names), 6)
    assert is_silent(read(folder, **answers(asked)[0]))


@pytest.mark.parametrize(
    "names",
    [
        ("Type_1", "Type_2", "Type_3"),
        ("grade001", "grade002", "grade003"),
        ("1_normal", "2_cataract", "2_glaucoma"),
        ("test_positive", "test_negative"),
        ("T1", "T2", "T3"),
        ("type 1 diabetes", "type 2 diabetes", "normal"),
    ],
)
def test_numbered_classes_are_classes(tmp_path: Path, names: tuple[str, ...]) -> None:
    index = read(tree(tmp_path / "x", images(*names)))
    assert (set(index.classes), is_silent(index)) == (set(names), True)


@pytest.mark.parametrize(
    ("beside", "classes"), [("Test cases", ("Normal cases", "Malignant cases")), ("val", ("a", "b"))]
)
def test_a_lone_split_beside_classes_is_asked_about(tmp_path: Path, beside: str, classes: tuple[str, ...]) -> None:
    folder = tree(tmp_path / "x", images(*classes, beside))
    without, with_it = (read(folder, **options) for options in answers(question(read(folder), "ignore")))
    assert set(without.classes) == set(classes)
    assert set(with_it.classes) == {*classes, beside}


@pytest.mark.parametrize(
    "names",
    [
        [f"CXR_png/CHN_{n:04d}_{n % 2}.png" for n in range(20)],
        [f"{('cat', 'dog')[n % 2]}.{n}.jpg" for n in range(20)],
        [f"images/{n}_{('ill', 'well')[n % 2]}.jpg" for n in range(20)],
    ],
)
def test_classes_in_the_names_of_images_are_noticed(tmp_path: Path, names: list[str]) -> None:
    folder = tree(tmp_path / "x", names)
    with pytest.raises(SourceError, match=r"The names of the images (begin|end) with '\w+' \(10\), '\w+' \(10\)"):
        sources.inspect(config_of(folder), [tmp_path])


def test_labels_in_a_format_that_is_not_read(tmp_path: Path) -> None:
    """As Messidor has them: folders that say nothing, and a spreadsheet for each."""
    folder = tree(tmp_path / "x", [*images("Base11", "Base12"), "Annotation_Base11.xls"])
    asked = question(read(folder), "layout")
    assert "Annotation_Base11.xls may hold the labels" in asked.text
    assert is_silent(read(folder, **answers(asked)[0]))
    assert is_silent(read(tree(tmp_path / "y", [*images("COVID", "normal"), "labels.xlsx"])))
    assert is_silent(read(tree(tmp_path / "z", [*images("Base11", "Base12"), "README.xlsx", "classes.txt"])))
