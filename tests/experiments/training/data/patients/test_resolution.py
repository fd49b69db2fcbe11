"""Patients come from a column, a folder, headers or ids; it is said from where, and nobody is invented."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

import pytest

from experiments.training.contract import splits
from experiments.training.data.module import build
from experiments.training.data.sources import SourceError, inspect
from tests.experiments.training.datasets import (
    config_of,
    index_of,
    job_of,
    with_class_folders,
    with_csv,
    write_csv,
    write_image,
)

NIH = ("Image Index", "Finding Labels", "Follow-up #", "Patient ID")


def nih(folder: Path, patients: int = 60, header: tuple[str, ...] = NIH) -> dict[str, Any]:
    """Write a table and four images of each patient; return the columns to name."""
    rows = [
        (f"{patient:08d}_{visit:03d}.png", ("No Finding", "Pneumonia")[patient % 2], visit, patient)
        for patient in range(patients)
        for visit in range(4)
    ]
    for image, *_ in rows:
        write_image(folder / "images" / image)
    write_csv(folder / "Data_Entry_2017.csv", rows, header=header)
    return {"id_column": header[0], "target_column": header[1]}


@pytest.mark.parametrize(
    "column",
    ["Patient ID", "patient_id", "PatientID", "patient-id", "PATIENT NBR", "subject#", "MRN", "usubjid", "Subject Id"],
)
def test_a_patient_column_is_known_by_its_name(tmp_path: Path, column: str) -> None:
    data = nih(tmp_path / "x", header=(*NIH[:3], column))
    index = index_of("x", tmp_path, data=data)
    facts = index.reading.patients
    assert (facts.count, facts.source, facts.name) == (60, "column", column)
    assert column in facts.why
    told = {finding.code: finding.text for finding in index.reading.findings}
    assert f"patient is column {column!r} (by its name)" in told["columns"]
    assert "60 patients with 240 samples" in told["patients"]
    built = build(config_of("x", data=data), job_of(config_of("x", data=data), tmp_path))
    train, val = ({built.patient_ids[at] for at in built.indices[split]} for split in ("train", "val"))
    assert not train & val


def test_patients_in_folders_are_counted_as_far_as_their_images_are_samples(tmp_path: Path) -> None:
    """As CheXpert has them, with blanks in the column of a finding."""
    names = [f"train/patient{number // 2:05d}/study1/view{number % 2}_frontal.jpg" for number in range(48)]
    for name in names:
        write_image(tmp_path / "x" / name)
    cells = [("1.0", "0.0", "")[number // 2 % 3] for number in range(48)]
    write_csv(tmp_path / "x" / "train.csv", list(zip(names, cells, strict=True)), header=("Path", "Pneumonia"))
    index = index_of("x", tmp_path, data={"target_column": "Pneumonia", "missing_labels": "leave_out"})
    assert len(index.samples) == 32
    assert (index.reading.patients.count, index.reading.patients.source) == (16, "folder")


@pytest.mark.parametrize("column", ["patient_nbr", "patient id", "lesion_id", "StudyInstanceUID", "subject_id"])
def test_patients_of_a_table_are_no_feature(tmp_path: Path, column: str) -> None:
    rows = [(1000 + n, 5000 + n // 6, n * 7 % 31, n // 6 % 2) for n in range(120)]
    write_csv(tmp_path / "t.csv", rows, header=("encounter_id", column, "a", "label"))
    index = index_of("t.csv", tmp_path)
    assert index.reading.patients.count == 20
    assert index.reading.features == ["a"]
    data = build(config_of("t.csv"), job_of(config_of("t.csv"), tmp_path))
    assert data.input_shape == (1,)
    train, val = ({data.patient_ids[at] for at in data.indices[split]} for split in ("train", "val"))
    assert not train & val


def test_file_names_show_patients_where_no_column_does(tmp_path: Path) -> None:
    data = nih(tmp_path / "x", header=(*NIH[:3], "Remark"))
    index = index_of("x", tmp_path, data=data)
    facts = index.reading.patients
    assert (facts.count, facts.source) == (60, "ids")
    assert "'00000000' of 'images/00000000_000.png'" in facts.why
    each = index_of("x", tmp_path, data={**data, "patients": "each_sample"})
    assert {sample.patient_id for sample in each.samples} == {None}
    assert each.reading.patients.count is None


def test_few_codes_are_asked_about(tmp_path: Path) -> None:
    for n in range(60):
        write_image(tmp_path / "x" / ("sick" if n // 10 % 2 else "healthy") / f"P{n // 10}_{n % 10:02d}.png", n)
    index = index_of("x", tmp_path)
    [question] = index.reading.questions
    assert [choice.options for choice in question.choices] == [
        {"data.patients": "ids"},
        {"data.patients": "each_sample"},
    ]
    assert index.reading.patients.count == 6
    for answer, count in (("ids", 6), ("each_sample", None)):
        answered = index_of("x", tmp_path, data={"patients": answer})
        assert (answered.reading.patients.count, answered.reading.questions) == (count, [])


def test_codes_in_two_given_splits_may_start_again_and_are_asked_about(tmp_path: Path) -> None:
    """Kermany's X-rays have a person1 in each split."""
    for split, count in (("train", 12), ("test", 6)):
        for n in range(4 * count):
            name = f"person{n // 4}_virus_{n}.jpeg" if n // 4 % 2 else f"person{n // 4}_none_{n}.jpeg"
            write_image(tmp_path / "x" / split / ("sick" if n // 4 % 2 else "healthy") / name, n)
    index = index_of("x", tmp_path)
    [question] = index.reading.questions
    assert question.choices[0].options == {"data.patients": "each_sample"}
    assert "6 of them are in several of the given splits (person" in question.text
    assert index.reading.patients.count is None
    with pytest.raises(SourceError, match="6 patients are in two of the given splits"):
        inspect(config_of("x", data={"patients": "ids"}), [tmp_path])
    assert inspect(config_of("x", data={"patients": "each_sample"}), [tmp_path]).samples == 72


def test_ids_that_show_nobody_cannot_be_asked_for(tmp_path: Path) -> None:
    with_csv(tmp_path / "x")
    with pytest.raises(SourceError, match="The ids show no patients") as caught:
        index_of("x", tmp_path, data={"patients": "ids"})
    assert caught.value.field == "data.patients"


def test_where_nothing_names_patients_that_is_said(tmp_path: Path) -> None:
    with_class_folders(tmp_path / "x", {"healthy": 8, "sick": 8})
    index = index_of("x", tmp_path)
    assert {sample.patient_id for sample in index.samples} == {None}
    assert index.reading.patients.count is None
    assert "Nothing names patients" in index.reading.patients.why
    assert [finding.code for finding in index.reading.findings if finding.code.startswith("patients")] == [
        "patients_unknown"
    ]


def test_a_column_needs_a_table(tmp_path: Path) -> None:
    with_class_folders(tmp_path / "x", {"healthy": 8, "sick": 8})
    with pytest.raises(SourceError, match="no table with columns") as caught:
        index_of("x", tmp_path, data={"patient_column": "who"})
    assert caught.value.field == "data.patient_column"


@pytest.mark.parametrize("gap", ["", "NA", "nan", "?"])
def test_a_gap_in_the_column_is_no_patient(tmp_path: Path, gap: str) -> None:
    """All rows without a patient would be one."""
    rows = [(f"{n:02d}", gap if n % 5 == 0 else f"p{n // 2}", n % 2) for n in range(20)]
    write_csv(tmp_path / "x" / "a.csv", rows, header=("image", "patient_id", "label"))
    for image, *_ in rows:
        write_image(tmp_path / "x" / f"{image}.png")
    with pytest.raises(
        SourceError, match=r"4 rows without 'patient_id', e\.g\. data row 1.* set data.patients to each_sample"
    ):
        index_of("x", tmp_path)
    assert index_of("x", tmp_path, data={"patients": "each_sample"}).reading.patients.count is None


def test_too_few_patients_of_a_class_are_told_with_where_they_come_from(tmp_path: Path) -> None:
    for n in range(60):
        name = f"patient{n // 20}_{n % 20:02d}.png"
        write_image(tmp_path / "x" / ("sick" if n // 20 else "healthy") / name, n)
    with pytest.raises(
        SourceError, match=r"'healthy' has 1.* If these are no patients, set data.patients to each_sample"
    ):
        inspect(config_of("x"), [tmp_path])
    assert inspect(config_of("x", data={"patients": "each_sample"}), [tmp_path]).samples == 60


def test_the_files_of_a_run_name_patients_or_leave_them_blank(tmp_path: Path) -> None:
    data = nih(tmp_path / "x", patients=12)
    config = config_of("x", data=data)
    build(config, job_of(config, tmp_path))
    with (tmp_path / "run" / "split.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["sample_id"], row["patient_id"]) for row in rows[:5]} == {
        (f"{n // 4:08d}_{n % 4:03d}.png", str(n // 4)) for n in range(5)
    }
    config = config_of("x", data={**data, "patients": "each_sample"})
    build(config, job_of(config, tmp_path))
    with (tmp_path / "run" / "split.csv").open(newline="") as file:
        assert {row["patient_id"] for row in csv.DictReader(file)} == {""}


def test_a_run_of_the_version_before_goes_on_with_its_own_splits(tmp_path: Path) -> None:
    """It had no patients in the file, and did not find those that names show: its splits part them."""
    data = nih(tmp_path / "x", patients=12, header=(*NIH[:3], "Remark"))
    config = config_of("x", data=data)
    first = build(config, job_of(config, tmp_path))
    chance = random.Random(7)
    assigned = [chance.choice(["train", "train", "val"]) for _ in first.sample_ids]
    labels = [int(id_[:8]) % 2 for id_ in first.sample_ids]
    lines = [",".join(map(str, row)) for row in zip(first.sample_ids, assigned, labels, strict=True)]
    (tmp_path / "run" / "split.csv").write_text("\n".join(["sample_id,split,label", *lines, ""]))
    resumed = build(config, job_of(config, tmp_path, resume_from="some.ckpt"))
    assert [resumed.indices[split] for split in ("train", "val")] == [
        [at for at, split in enumerate(assigned) if split == wanted] for wanted in ("train", "val")
    ]
    again = build(config, job_of(config, tmp_path, resume_from="some.ckpt"))
    assert again.indices == resumed.indices


@pytest.mark.parametrize("damage", ["sample_id,split,label\n00,middle,0\n", "sample_id,split,label\n00\n", '"', ""])
def test_a_damaged_split_file_is_no_run_to_go_on_with(tmp_path: Path, damage: str) -> None:
    with_csv(tmp_path / "x")
    config = config_of("x")
    build(config, job_of(config, tmp_path))
    (tmp_path / "run" / "split.csv").write_text(damage)
    with pytest.raises(SourceError, match="changed since this run began"):
        build(config, job_of(config, tmp_path, resume_from="some.ckpt"))


def test_a_split_file_of_either_version_can_be_used_again(tmp_path: Path) -> None:
    ids, assigned = ["a", "b"], ["train", "val"]
    splits.write(tmp_path / "new.csv", ids, assigned, [0, 1], ["p1", None])  # type: ignore[arg-type]
    (tmp_path / "old.csv").write_text("sample_id,split,label\na,train,0\nb,val,1\n")
    for name in ("new.csv", "old.csv"):
        assert splits.unchanged(tmp_path / name, ids, assigned, [0, 1])  # type: ignore[arg-type]
        assert not splits.unchanged(tmp_path / name, ids, assigned, [1, 1])  # type: ignore[arg-type]
        assert not splits.unchanged(tmp_path / name, ids[:1], assigned[:1], [0])  # type: ignore[arg-type]
        assert splits.kept(tmp_path / name) == {"a": ("train", 0), "b": ("val", 1)}
