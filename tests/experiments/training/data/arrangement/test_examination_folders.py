"""Folders of examinations, series, views and sides inside of patients are parts of these, and no classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.experiments.training.data.arrangement.trees import images, patients, question, read, refusal, said, tree

PATIENTS = [f"P{n:03d}" for n in range(12)]


@pytest.mark.parametrize(
    "parts",
    [
        ("series0", "series1"),
        ("study1", "study2", "study3"),
        ("view1", "view2"),
        ("visit 1", "visit 2"),
        ("baseline", "follow-up 1"),
        ("left eye", "right eye"),
        ("Left_Eye", "Right_Eye"),
        ("OD", "OS"),
        ("eye_1", "eye_2"),
    ],
)
@pytest.mark.parametrize("names", [PATIENTS, ["patient1", "patient2"]])
def test_parts_of_patients_are_not_offered_as_classes(tmp_path: Path, parts: tuple[str, ...], names: list[str]) -> None:
    folder = tree(tmp_path / "x", images(*(f"{patient}/{part}" for patient in names for part in parts)))
    assert "look like patients or examinations, and nothing tells the classes" in refusal(folder)
    assert set(read(folder, class_folder=2).classes) == set(parts)


@pytest.mark.parametrize("parts", [("series0", "series1"), ("left eye", "right eye")])
def test_classes_above_below_and_beside_parts_are_read(tmp_path: Path, parts: tuple[str, ...]) -> None:
    of_class = {name: PATIENTS[6 * at :][:6] for at, name in enumerate(("ill", "well"))}
    above = [f"{name}/{patient}/{part}" for name, group in of_class.items() for patient in group for part in parts]
    index = read(tree(tmp_path / "above", images(*above)))
    assert (index.counts, patients(index), index.reading.questions) == ({"ill": 72, "well": 72}, 12, [])
    inside = [f"{name}/{part}" for name in of_class for part in parts]
    index = read(tree(tmp_path / "inside", images(*inside)))
    assert (index.counts, index.reading.questions) == ({"ill": 12, "well": 12}, [])
    assert said(index, "deeper_images").startswith("info: 24 images")


def test_examinations_above_classes_are_read_together_and_told(tmp_path: Path) -> None:
    index = read(tree(tmp_path / "x", images("visit1/ill", "visit1/well", "visit2/ill", "visit2/well")))
    assert (index.counts, index.reading.questions) == ({"ill": 12, "well": 12}, [])
    assert "The folders visit1, visit2 were taken for examinations" in said(index, "parts_joined")
    assert "data.class_folder to 1" in said(index, "parts_joined")


def test_examinations_alone_tell_no_classes(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", images("study1", "study2"))
    assert "look like examinations, and nothing tells the classes" in refusal(folder)
    assert set(read(folder, layout="class_folders").classes) == {"study1", "study2"}


@pytest.mark.parametrize("names", [("grade1", "grade2"), ("stage_0", "stage_1"), ("series", "parallel"), ("0", "1")])
def test_grades_are_classes(tmp_path: Path, names: tuple[str, ...]) -> None:
    index = read(tree(tmp_path / "x", images(*names)))
    assert set(index.classes) == set(names)
    inside = tree(tmp_path / "y", images(*(f"{patient}/{name}" for patient in PATIENTS for name in names)))
    assert set(read(inside).classes) == set(names)


def test_many_examinations_may_be_patients(tmp_path: Path) -> None:
    names = [f"{kind}/study{n:02d}" for kind in ("ill", "well") for n in range(20)]
    assert patients(read(tree(tmp_path / "x", images(*names)))) == 20
    few = tree(tmp_path / "y", images("P1/left", "P1/right", "P2/left", "P2/right", "P3/left", "P3/right"))
    assert set(read(few).classes) == {"P1", "P2", "P3"}
    assert "P1, P2, P3 look like patients" in question(read(few), "class_folder").text
