"""Columns by the names that people give them; what is ambiguous or misspelt is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from experiments.training.contract.config import DataConfig
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.module import build
from experiments.training.data.tables import columns
from experiments.training.data.tables.columns import Columns
from tests.experiments.training.datasets import config_of, job_of, write_csv, write_image


@pytest.mark.parametrize(
    ("header", "asked", "found"),
    [
        (["patientId", "Target"], {}, Columns("patientId", "Target", "patientId")),
        (["PATIENT_ID", "x", "Label"], {}, Columns("PATIENT_ID", "Label", "PATIENT_ID")),
        (["class", "ID"], {}, Columns("ID", "class", "ID")),
        (["image", "target"], {}, Columns("image", "target", "image")),
        (["Image_Id", "target"], {}, Columns("Image_Id", "target", "Image_Id")),
        (["patientId", "Target", "id", "label"], {}, Columns("patientId", "Target", "patientId")),
        (["id", "who", "label"], {"patient_column": "who"}, Columns("id", "label", "who")),
        (["image", "patient_id", "label"], {"patient_column": "patient_id"}, Columns("image", "label", "patient_id")),
        (["scan", "patient_id", "label"], {"id_column": "scan"}, Columns("scan", "label", "patient_id")),
    ],
)
def test_columns_that_can_be_told(header: list[str], asked: dict[str, Any], found: Columns) -> None:
    assert columns.find("a.csv", header, DataConfig(**asked)) == found


@pytest.mark.parametrize(
    ("header", "asked", "field", "said"),
    [
        (["id", "image", "label"], {}, "id_column", "several columns that it could be: 'id', 'image'"),
        (["id", "label", "class"], {}, "target_column", "'label', 'class'"),
        (["name", "label"], {}, "id_column", "patientId, patient_id, id, image, image_id are accepted"),
        (["name", "label"], {}, "id_column", "it has 'name', 'label'"),
        (["id", "label"], {"target_column": "finding"}, "target_column", "no column 'finding'; it has 'id', 'label'"),
        (["id", "label"], {"patient_column": "who"}, "patient_column", "no column 'who'"),
    ],
)
def test_columns_that_cannot_be_told(header: list[str], asked: dict[str, Any], field: str, said: str) -> None:
    with pytest.raises(SourceError) as caught:
        columns.find("a.csv", header, DataConfig(**asked))
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
