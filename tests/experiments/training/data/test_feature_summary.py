"""Summaries of a table's columns, against SciPy and by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_digits, load_wine

from experiments.training.data.inspection import builtin_sample_process, feature_summary, sample_process
from experiments.training.data.inspection.sample_sheets import ClassFacts, Feature, FeatureSheet, Sheet, Task
from tests.experiments.training.datasets import with_csv, write_csv


def sample_task(path: Path, **more: Any) -> Task:
    return Task(path=str(path), roots=[str(path.parent)], stamp=None, folder=str(path.parent), **more)


def asked(path: Path, **more: Any) -> Task:
    return sample_task(path, features=True, **more)


def of_file(path: Path) -> FeatureSheet:
    found = sample_process.sheet(asked(path))
    assert isinstance(found, FeatureSheet)
    return found


def require_moments(facts: ClassFacts, values: Any) -> None:
    expected = stats.describe(values)  # of the sample: n - 1
    assert facts.known == expected.nobs
    assert (facts.lowest, facts.highest) == expected.minmax
    assert facts.mean == pytest.approx(expected.mean, rel=1e-12)
    assert facts.spread == pytest.approx(np.sqrt(expected.variance), rel=1e-12)


def test_the_built_in_table_by_class(tmp_path: Path) -> None:
    found = builtin_sample_process.sheet(asked(tmp_path, builtin="breast-cancer"))
    assert isinstance(found, FeatureSheet)
    cancer = load_breast_cancer()
    assert (found.rows, found.total, found.classes) == (569, 30, ["benign", "malignant"])
    assert [one.name for one in found.features] == cancer.feature_names.tolist()
    for feature, values in zip(found.features, cancer.data.T, strict=True):
        assert [group.label for group in feature.groups] == [None, "benign", "malignant"]
        for facts, wanted in zip(feature.groups, [None, 1, 0], strict=True):
            require_moments(facts, values if wanted is None else values[cancer.target == wanted])
        assert (feature.values, feature.missing) == (len(set(values)), 0)


def test_its_first_rows(tmp_path: Path) -> None:
    found = builtin_sample_process.sheet(sample_task(tmp_path, builtin="breast-cancer"))
    assert isinstance(found, Sheet)
    cancer = load_breast_cancer()
    assert found.columns == ["class", *cancer.feature_names]
    assert found.rows[0] == ["malignant", *(str(float(value)) for value in cancer.data[0])]
    assert (len(found.rows), found.total) == (10, 569)


def test_a_page_of_a_built_in_class(tmp_path: Path) -> None:
    task = sample_task(tmp_path, builtin="digits-is-8", label="8", start=168, count=24)
    found = builtin_sample_process.sheet(task)
    assert isinstance(found, Sheet)
    assert (found.total, len(found.pictures)) == (174, 6)
    assert {load_digits().target[picture.number] for picture in found.pictures} == {8}
    assert "not a table" in str(builtin_sample_process.sheet(asked(tmp_path, builtin="digits-is-8")).problem)


def test_images_have_no_features(tmp_path: Path) -> None:
    assert "not a table" in str(of_file(with_csv(tmp_path / "d")).problem)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_of_numbers_from_a_file(tmp_path: Path, kind: str) -> None:
    wine = load_wine()
    rows = [[*map(repr, row), f"wine {target}"] for row, target in zip(wine.data.tolist(), wine.target, strict=True)]
    path = tmp_path / "wine.csv"
    write_csv(path, rows, header=(*wine.feature_names, "Target"))
    if kind == "parquet":
        path = as_parquet(path)
    found = of_file(path)
    assert (found.rows, found.total, found.class_total) == (178, 13, 3)
    for feature, values in zip(found.features, wine.data.T, strict=True):
        for facts, wanted in zip(feature.groups, [None, 0, 1, 2], strict=True):
            require_moments(facts, values if wanted is None else values[wine.target == wanted])


def as_parquet(path: Path) -> Path:
    arrow, parquet = pytest.importorskip("pyarrow.csv"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.read_csv(path), path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


def test_gaps_texts_and_columns_that_nothing_learns_from(tmp_path: Path) -> None:
    rows = [[f"p{n}", ["1", "NA", "inf", "4"][n % 4], "fm?"[n % 3], f"note {n}", "01"[n % 2]] for n in range(120)]
    header = ("id", "size", "sex", "note", "Target")
    write_csv(tmp_path / "t.csv", rows, header=header)
    size, sex, note = of_file(tmp_path / "t.csv").features
    assert (size.kind, size.values, size.missing) == ("numbers", 2, 60)
    assert size.groups[1:] == [
        ClassFacts(label="0", known=30, mean=1.0, spread=0.0, lowest=1.0, highest=1.0),
        ClassFacts(label="1", known=30, mean=4.0, spread=0.0, lowest=4.0, highest=4.0),
    ]
    assert (sex.kind, sex.values, sex.missing) == ("categories", 2, 40)
    assert sex.groups[0] == ClassFacts(label=None, known=80, frequent="f", times=40)
    assert (note.kind, note.values) == ("left out", 120)


def test_where_there_is_little_to_be_said() -> None:
    columns = {"none": ["", "", ""], "one": ["", "7", ""], "huge": ["1e308", "1.7e308", ""]}
    none, one, huge = feature_summary.of_cells(columns, [0, 0, 1], ["a", "b"])
    assert none.groups[0] == ClassFacts(label=None, known=0)
    assert one.groups == [
        ClassFacts(label=None, known=1, mean=7.0, lowest=7.0, highest=7.0),
        ClassFacts(label="a", known=1, mean=7.0, lowest=7.0, highest=7.0),
        ClassFacts(label="b", known=0),
    ]
    assert huge.groups[0] == ClassFacts(label=None, known=2, lowest=1e308, highest=1.7e308)  # the sum is no float


def test_a_wide_table_of_many_classes_is_cut(tmp_path: Path) -> None:
    rows = [[*range(150), f"c{row % 20:02}"] for row in range(40)]
    write_csv(tmp_path / "wide.csv", rows, header=[*(f"f{n}" for n in range(150)), "Target"])
    found = of_file(tmp_path / "wide.csv")
    assert (found.total, len(found.features), found.class_total) == (150, 100, 20)
    last: Feature = found.features[-1]
    assert (last.name, last.groups[0].mean) == ("f99", 99.0)
    assert [group.label for group in last.groups] == [None, *found.classes]
    assert found.classes == [f"c{number:02}" for number in range(10)]
