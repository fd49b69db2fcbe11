"""Rows that a run never saw: columns by name, gaps and unknown categories as in training, bad cells refused alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from torch import Tensor

from experiments.training.contract.source_errors import SourceError
from experiments.training.prediction.datasets import read_dataset
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.inputs import ReadInput, read_images, read_rows
from experiments.training.prediction.streams import PlaceToRead, read
from tests.experiments.training.datasets import config_of, job_of
from tests.experiments.training.prediction.trained import Trained

ROW = {"age": 51.5, "marker": 0.25, "ward": "b"}


def one(run: Trained, **changed: object) -> ReadInput:
    [found] = read_rows(run.model, [ROW | changed])
    return found


def value_of(found: ReadInput) -> Tensor:
    assert found.value is not None, found.problem
    return found.value


def constants(run: Trained, column: str) -> tuple[float, float, float]:
    """Return median, mean and deviation of a column of numbers."""
    [found] = [feature for feature in run.model.inputs.table.features if feature.name == column]  # type: ignore[union-attr]
    return found.median, found.mean, found.deviation


def test_numbers_are_standardised_and_texts_mean_the_same(of_rows: Trained) -> None:
    [_, mean, deviation], found = constants(of_rows, "age"), one(of_rows)
    assert found.value is not None
    place = [feature.name for feature in of_rows.model.inputs.table.features].index("age")  # type: ignore[union-attr]
    assert found.value[place].item() == pytest.approx((51.5 - mean) / deviation, rel=1e-6)
    for same in ({"age": " 51.5 "}, {"age": "51,5"}, {"age": "5.15e1"}, {"ward": " b"}, {"extra": 1, "label": "x"}):
        other = one(of_rows, **same)
        assert other.value is not None, other.problem
        assert other.value.equal(found.value), same
    assert one(of_rows, extra=1, label=0).facts["unused"] == ["extra"]


@pytest.mark.parametrize("missing", [None, "", "NA", "unknown", float("nan"), float("inf"), "-inf"])
def test_a_missing_number_becomes_the_training_median(of_rows: Trained, missing: object) -> None:
    median, _, _ = constants(of_rows, "age")
    found = one(of_rows, age=missing)
    assert found.value is not None
    assert found.value.equal(value_of(one(of_rows, age=median)))
    assert found.facts["missing"] == ["age"]
    assert "'age'" in found.facts["notes"][0]


def test_an_unknown_category_counts_as_none_of_the_known(of_rows: Trained) -> None:
    features = of_rows.model.inputs.table
    assert features is not None
    found = one(of_rows, ward="z")
    assert found.value is not None
    wards = features.columns["ward"]
    assert found.value[wards].numpy() == pytest.approx(-features.means[wards] / features.deviations[wards], rel=1e-6)
    assert found.facts["unknown"] == {"ward": "z"}
    assert "'z', a category that the training rows did not have" in found.facts["notes"][0]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"age": "old"}, "Column 'age' holds 'old', and the run learned it as numbers; write a number"),
        ({"age": [1]}, "Column 'age' holds a list, and the run learned it as numbers"),
        (
            {"age": "1,234"},
            "Column 'age' holds '1,234', which can be read as two numbers; write it with a decimal point",
        ),
    ],
)
def test_a_bad_cell_spoils_its_row_alone(of_rows: Trained, changed: dict[str, object], words: str) -> None:
    bad, good = read_rows(of_rows.model, [ROW | changed, ROW])
    assert words in str(bad.problem)
    assert "row 1" in str(bad.problem)
    assert bad.value is None
    assert good.problem is None
    assert good.value is not None


def test_columns_that_are_missing_are_named(of_rows: Trained) -> None:
    lacking, good = read_rows(of_rows.model, [{"ward": "b"}, ROW])
    assert "Columns are missing that the run learned from: 'age', 'marker'. Add what is missing" in str(lacking.problem)
    assert good.problem is None
    with pytest.raises(ModelError, match="give it rows, by the names of their columns"):
        read_images(of_rows.model, [])


def test_a_table_is_read_by_its_columns_names_and_a_bad_cell_spoils_its_row_alone(
    of_rows: Trained, tmp_path: Path
) -> None:
    text = "ward;marker;note;age\nb;0,25;x;51,5\nz;0,25;x;old\nb;;x;51,5\n"
    (tmp_path / "other.csv").write_text(text)
    [batch] = read(of_rows.model, PlaceToRead(name="other.csv", path=str(tmp_path / "other.csv")))
    first, bad, gap = batch.inputs
    assert [found.name for found in batch.inputs] == ["1", "2", "3"]
    assert first.value is not None
    assert first.value.equal(value_of(one(of_rows)))
    assert first.facts["unused"] == ["note"]
    assert "Column 'age' holds 'old'" in str(bad.problem)
    assert gap.facts["missing"] == ["marker"]
    found = read_dataset(of_rows.model, job_of(config_of(tmp_path / "other.csv"), tmp_path), labels=False)
    assert found.sample_ids == ["1", "3"]
    assert list(found.problems) == ["2"]
    assert found.inputs[0].equal(first.value)


def test_labelled_rows_without_a_label_are_left_out(of_rows: Trained, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("id,label,ward,age,marker\nx,1,b,51.5,0.25\ny,,b,1,1\nz,0,q,2,3\n")
    config = config_of(tmp_path / "other.csv", data={"missing_labels": "leave_out"})
    found = read_dataset(of_rows.model, job_of(config, tmp_path), labels=True)
    assert (found.sample_ids, found.labels) == (["x", "z"], [1, 0])
    assert found.inputs[0].equal(value_of(one(of_rows)))
    assert found.unknown == {"ward": {"q": 1}}
    assert list(found.patient_ids) == [None, None]


def test_a_table_without_the_columns_is_refused(of_rows: Trained, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("id,label,age\nx,1,2\ny,0,3\n")
    with pytest.raises(SourceError, match="Columns are missing that the run learned from: 'marker', 'ward'"):
        read_dataset(of_rows.model, job_of(config_of(tmp_path / "other.csv"), tmp_path), labels=True)
