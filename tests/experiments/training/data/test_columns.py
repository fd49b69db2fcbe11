"""Columns by the names that people give them; what is ambiguous or misspelt is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.columns import column_roles
from experiments.training.data.columns.column_roles import Columns
from experiments.training.data.columns.table_view import TableView
from experiments.training.data.module import build
from tests.experiments.training.datasets import config_of, job_of, write_csv, write_image


def seen(header: Sequence[str], *rows: Sequence[str]) -> TableView:
    """View a table of these rows."""
    columns = dict(zip(header, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(header, ())
    return TableView("a.csv", header, columns.__getitem__, columns.__getitem__)


def found_in(view: TableView, *images: str, **asked: Any) -> Columns:
    """Find the columns of a table beside images with these names."""
    return column_roles.find(view, DataConfig(**asked), lambda cells: bool(images) and set(cells) <= set(images))


@pytest.mark.parametrize(
    ("header", "asked", "found"),
    [
        (["patientId", "Target"], {}, Columns("patientId", "Target", "patientId")),
        (["PATIENT_ID", "x", "Label"], {}, Columns("PATIENT_ID", "Label", "PATIENT_ID")),
        (["class", "ID"], {}, Columns("ID", "class")),
        (["image", "target"], {}, Columns("image", "target")),
        (["Image_Id", "target"], {}, Columns("Image_Id", "target")),
        (["patientId", "Target", "id", "label"], {}, Columns("patientId", "Target", "patientId")),
        (["id", "who", "label"], {"patient_column": "who"}, Columns("id", "label", "who")),
        (["image", "patient_id", "label"], {"patient_column": "patient_id"}, Columns("image", "label", "patient_id")),
        (["scan", "patient_id", "label"], {"id_column": "scan"}, Columns("scan", "label", "patient_id")),
        (["image", "patient_id", "label"], {}, Columns("image", "label", "patient_id")),
        (["id", "image", "label"], {}, Columns("image", "label")),
        (["File Name", "Patient ID", "labels"], {}, Columns("File Name", "labels", "Patient ID")),
        (["Image Index", "Target"], {"id_column": "image_index"}, Columns("Image Index", "Target")),
        (["img", "subject#", "Class"], {}, Columns("img", "Class", "subject#")),
        (["image_id", "lesion_id", "label"], {}, Columns("image_id", "label", "lesion_id")),
        (["path", "StudyInstanceUID", "MRN", "label"], {}, Columns("path", "label", "MRN")),
        (["image", "NHS number", "label"], {}, Columns("image", "label", "NHS number")),
        (["image", "Medical Record No.", "label"], {}, Columns("image", "label", "Medical Record No.")),
        (["image", "sub-id", "label"], {}, Columns("image", "label", "sub-id")),
        (["image", "Case No.", "label"], {}, Columns("image", "label", "Case No.")),
        (["image", "Fall-ID", "EMPI_anon", "label"], {}, Columns("image", "label", "EMPI_anon")),
        (["image", "patient_id", "label"], {"patients": "each_sample"}, Columns("image", "label")),
        (["image", "label", "SPLIT"], {}, Columns("image", "label", None, "SPLIT")),
        (["image", "label", "split"], {"split_column": None}, Columns("image", "label")),
    ],
)
def test_columns_that_can_be_told(header: list[str], asked: dict[str, Any], found: Columns) -> None:
    told = found_in(seen(header), **asked)
    assert told == found
    assert told.questions == []


def test_what_was_found_is_told_with_how() -> None:
    told = found_in(
        seen(["Image Index", "finding", "Patient ID", "split"]), id_column="Image Index", target_column="finding"
    )
    assert [(role.role, role.column, role.found) for role in told.roles] == [
        ("id", "Image Index", "named"),
        ("target", "finding", "named"),
        ("patient", "Patient ID", "alias"),
        ("split", "split", "exact"),
    ]
    [finding] = told.findings
    assert finding.level == "info"
    assert "patient is column 'Patient ID' (by its name)" in finding.text


@pytest.mark.parametrize(
    ("view", "field", "options"),
    [
        pytest.param(
            seen(["id", "label", "class"]), "target_column", ["label", "class"], id="two common names of the target"
        ),
        pytest.param(
            seen(["id", "survived", "class"]),
            "target_column",
            ["class", "survived"],
            id="a common name and a likely one",
        ),
        pytest.param(seen(["image", "dx", "age"]), "target_column", ["dx"], id="a likely name alone"),
        pytest.param(seen(["image", "stage", "grade"]), "target_column", ["stage", "grade"], id="possible names alone"),
        pytest.param(
            seen(["image", "label", "label_name"]), "target_column", ["label", "label_name"], id="the target by name"
        ),
        pytest.param(
            seen(["image", "filename", "label"]), "id_column", ["image", "filename"], id="two names of images"
        ),
        pytest.param(
            seen(
                ["image", "label", "patient_id", "subject_id"],
                ("1", "0", "a", "x"),
                ("2", "1", "a", "y"),
                ("3", "1", "b", "y"),
            ),
            "patient_column",
            ["patient_id", "subject_id"],
            id="two names of persons",
        ),
        pytest.param(
            seen(["image", "label", "subset"], ("1", "0", "train"), ("2", "1", "Test")),
            "split_column",
            ["subset", None],
            id="a column of nothing but splits",
        ),
    ],
)
def test_rivals_are_a_question_with_a_choice_for_each(view: TableView, field: str, options: list[str]) -> None:
    [question] = found_in(view).questions
    assert question.field == f"data.{field}"
    offered = [choice.options[f"data.{field}"] for choice in question.choices if f"data.{field}" in choice.options]
    assert offered == options
    for choice in question.choices:
        answer = {option.removeprefix("data."): value for option, value in choice.options.items()}
        assert found_in(view, **answer).questions == []


def test_of_columns_that_divide_each_other_the_largest_groups_are_patients() -> None:
    header = ["image", "label", "patient name", "patient id", "lesion_id"]
    rows = [(str(n), str(n % 2), f"Ms {n // 6}", str(n // 6), str(n // 2)) for n in range(60)]
    told = found_in(seen(header, *rows))
    assert (told.patient, told.questions) == ("patient name", [])
    without = [(row[0], row[1], row[4], row[0]) for row in rows]
    told = found_in(seen(["image", "label", "lesion_id", "encounter_id"], *without))
    assert (told.patient, told.questions) == ("lesion_id", [])


def test_of_several_ids_the_one_whose_cells_name_the_images_is_taken() -> None:
    view = seen(["image", "filename", "label"], ("1", "a.png", "0"), ("2", "b.png", "1"))
    told = found_in(view, "a.png", "b.png")
    assert (told.id, told.questions) == ("filename", [])


def test_a_column_without_a_common_name_is_offered_where_its_cells_name_the_images() -> None:
    view = seen(["scan", "label"], ("a.png", "0"), ("b.png", "1"))
    told = found_in(view, "a.png", "b.png")
    assert told.id == "scan"
    assert [question.field for question in told.questions] == ["data.id_column"]
    assert [role.found for role in told.roles if role.role == "id"] == ["pattern"]


@pytest.mark.parametrize(
    ("name", "cells", "asked"),
    [
        pytest.param("site code", [f"A-{1000 + n // 3}" for n in range(60)], True, id="codes that come several times"),
        pytest.param("site code", [f"A-{1000 + n}" for n in range(60)], False, id="codes that come once"),
        pytest.param("site code", [f"A-{1000 + n % 2}" for n in range(60)], False, id="two codes"),
        pytest.param("subject", [str(n // 3) for n in range(60)], True, id="a name that may be a person's"),
        pytest.param("subject", ["maths" if n % 2 else "art" for n in range(60)], False, id="subjects at school"),
        pytest.param("visited", [f"2021-03-{n // 3 + 10}" for n in range(60)], False, id="dates"),
        pytest.param("icd", [f"J{n // 3 + 10}.9" for n in range(60)], False, id="codes of diagnoses"),
        pytest.param("weight", [f"{n // 3 + 100}" for n in range(60)], False, id="numbers"),
    ],
)
def test_a_column_that_looks_like_patients_is_asked_about(name: str, cells: list[str], asked: bool) -> None:
    view = seen(["image", name, "label"], *[(str(n), cell, str(n % 2)) for n, cell in enumerate(cells)])
    told = found_in(view)
    assert [question.field for question in told.questions] == ["data.patient_column"] * asked
    assert told.patient == (name if asked else None)
    assert found_in(view, patients="each_sample").questions == []


def test_what_a_model_said_of_the_target_is_no_feature() -> None:
    rows = [(str(40 + n % 9), f"0.{n % 7}", f"0.{n % 5}", str(n % 2)) for n in range(40)]
    view = seen(["age", "y_pred", "Pred. Score", "label"], *rows)
    told = column_roles.find_in_rows(view, DataConfig())
    assert told.apart == ["y_pred", "Pred. Score"]
    [text] = [finding.text for finding in told.findings if finding.code == "columns_predicted"]
    assert "'y_pred', 'Pred. Score' of a.csv. Name in data.use_columns what is a measurement." in text
    assert column_roles.find_in_rows(view, DataConfig(use_columns=["y_pred", "Pred. Score"])).apart == []
    assert column_roles.find_in_rows(view, DataConfig(target_column="y_pred")).apart == ["Pred. Score"]


@pytest.mark.parametrize("name", ["phone", "Zip Code", "PLZ", "Insurance No."])
def test_numbers_of_places_are_no_features(name: str) -> None:
    many, few = ([(str(n % 9), str(90000 + 17 * (n % values)), str(n % 2)) for n in range(40)] for values in (20, 2))
    told = column_roles.find_in_rows(seen(["age", name, "label"], *many), DataConfig())
    assert told.apart == [name]
    assert any(f"visits or places: {name!r} of a.csv" in finding.text for finding in told.findings)
    assert column_roles.find_in_rows(seen(["age", name, "label"], *few), DataConfig()).apart == []


def test_columns_that_number_persons_or_rows_are_no_features() -> None:
    header = ["encounter_id", "patient_nbr", "record_id", "age", "label"]
    told = column_roles.find_in_rows(seen(header), DataConfig())
    assert (told.id, told.patient) == ("record_id", "patient_nbr")
    assert set(header) - set(told.unlearned) == {"age"}
    assert "'encounter_id'" in told.findings[-1].text
    wanted = column_roles.find_in_rows(seen(header), DataConfig(use_columns=["encounter_id"]))
    assert set(header) - set(wanted.unlearned) == {"age", "encounter_id"}


@pytest.mark.parametrize(
    ("name", "cells", "is_id"),
    [
        pytest.param("file", [f"{n}.wav" for n in range(30)], True, id="all different"),
        pytest.param("photo", ["yes", "no"] * 15, False, id="yes and no"),
        pytest.param("id", [f"p{n // 3}" for n in range(30)], True, id="an id that several rows share"),
    ],
)
def test_ids_of_rows_differ(name: str, cells: list[str], is_id: bool) -> None:
    rows = [(cell, str(n), str(n % 2)) for n, cell in enumerate(cells)]
    told = column_roles.find_in_rows(seen([name, "age", "label"], *rows), DataConfig())
    assert told.id == (name if is_id else None)
    assert (name in told.unlearned) == is_id


@pytest.mark.parametrize(("cells", "count"), [(["yes", "no"] * 15, None), ([f"{n // 3}" for n in range(30)], 10)])
def test_a_column_patient_may_be_yes_or_no(cells: list[str], count: int | None) -> None:
    rows = [(cell, str(n), str(n % 2)) for n, cell in enumerate(cells)]
    told = column_roles.find_in_rows(seen(["patient", "age", "label"], *rows), DataConfig())
    assert told.patient == ("patient" if count else None)
    assert ("patient" in told.unlearned) == bool(count)


@pytest.mark.parametrize(
    ("header", "asked", "field", "said"),
    [
        (["name", "label"], {}, "id_column", "image, image_id, filename, path, id, patient_id are accepted"),
        (["name", "label"], {}, "id_column", "it has 'name', 'label'"),
        (["id", "weather"], {}, "target_column", "target, label, labels, class are accepted"),
        (["id", "label"], {"target_column": "finding"}, "target_column", "no column 'finding'; it has 'id', 'label'"),
        (["id", "label"], {"patient_column": "who"}, "patient_column", "no column 'who'"),
        (
            ["id", "Who", "w h o", "label"],
            {"patient_column": "who"},
            "patient_column",
            "several columns that it could be",
        ),
    ],
)
def test_columns_that_cannot_be_told(header: list[str], asked: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(SourceError) as caught:
        found_in(seen(header), **asked)
    assert caught.value.field == f"data.{field}"
    assert said in caught.value.message


def test_several_images_of_one_patient_keep_their_ids_as_text(tmp_path: Path) -> None:
    rows = [(f"images/{n:03d}.png", f"{n // 2:02d}", n % 2) for n in range(12)]
    write_csv(tmp_path / "x" / "a.csv", rows, header=("image", "patient_id", "label"))
    write_csv(tmp_path / "x" / "b.csv", [("1", "no")], header=("visit", "comment"))
    for n in range(12):
        write_image(tmp_path / "x" / "images" / f"{n:03d}.png", n)
    config = config_of("x", data={"id_column": "image"})
    data = build(config, job_of(config, tmp_path))
    assert data.sample_ids == [row[0] for row in rows]
    assert data.patient_ids == [row[1] for row in rows]


def test_a_table_with_the_configured_names_goes_before_one_with_aliases(tmp_path: Path) -> None:
    for number in range(8):
        write_image(tmp_path / "x" / f"{number}.png", number)
    write_csv(tmp_path / "x" / "a.csv", [(n, n % 2) for n in range(8)], header=("id", "label"))
    write_csv(tmp_path / "x" / "z.csv", [(n, n % 4) for n in range(8)])
    config = config_of("x")
    assert build(config, job_of(config, tmp_path)).class_names == ["0", "1", "2", "3"]


def test_patients_whose_ids_differ_in_leading_zeros_are_different_people(tmp_path: Path) -> None:
    patients = ["7", "07", "007", "7.0", "1e1", "10"]
    rows = [(n, patients[n // 2], n % 2) for n in range(12)]
    write_csv(tmp_path / "x" / "a.csv", rows, header=("image", "patient_id", "label"))
    for n in range(12):
        write_image(tmp_path / "x" / f"{n}.PNG", n)
    config = config_of("x", data={"id_column": "image"})
    assert set(build(config, job_of(config, tmp_path)).patient_ids) == set(patients)


def test_the_columns_of_a_table_are_told_up_to_a_limit_and_in_its_order() -> None:
    assert found_in(seen(["image", "age", "label", "", "x" * 201])).header == ["image", "age", "label"]
    many = [f"f{number}" for number in range(500)]
    assert found_in(seen(["image", "label", *many])).header == ["image", "label", *many[:198]]


def test_an_unknown_column_to_leave_out_is_answered_with_those_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,label\n" + "".join(f"{n},{n % 7},{n % 2}\n" for n in range(40)))
    config = config_of(tmp_path / "t.csv", data={"ignore_columns": ["c"]})
    with pytest.raises(SourceError, match="no column") as refused:
        build(config, job_of(config, tmp_path))
    assert refused.value.possible == ["a", "b", "label"]
