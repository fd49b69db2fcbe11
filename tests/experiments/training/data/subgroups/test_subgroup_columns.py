"""Columns and folders of subgroups in each layout: kept with the samples, told in the reading, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.training.contract.source_errors import SourceError
from experiments.training.data import layouts, sources
from experiments.training.data.files.index import Index
from tests.experiments.training.data.arrangement.trees import csv, images, tree
from tests.experiments.training.data.tables.tables_on_disk import loaded
from tests.experiments.training.datasets import config_of, with_npz

ROWS = 60
SEX, SITE = ["F", "M", ""], ["a", "b"]
AGES = [20 + number for number in range(ROWS)]


def cells() -> pd.DataFrame:
    """Make a table whose columns tell groups apart, with one feature beside them."""
    return pd.DataFrame(
        {
            "id": [f"s{number}" for number in range(ROWS)],
            "label": [number // 2 % 2 for number in range(ROWS)],
            "person": [f"p{number // 2}" for number in range(ROWS)],
            "sex": [SEX[number % 3] for number in range(ROWS)],
            "site": [SITE[number % 2] for number in range(ROWS)],
            "age": AGES,
            "size": [number * 7 % 60 for number in range(ROWS)],
        }
    )


def read(source: Path, root: Path, **data: Any) -> Index:
    names = (
        {} if source.suffix == "" and not list(source.glob("*.csv")) else {"id_column": "id", "target_column": "label"}
    )
    config = config_of(source, data={**names, **data})
    with sources.open_files(config.source_path, [root]) as files:
        return sources.read(files, config)


def refused(source: Path, root: Path, **data: Any) -> SourceError:
    with pytest.raises(SourceError) as error:
        read(source, root, **data)
    return error.value


def of(index: Index, column: str) -> dict[str, str]:
    return dict(zip(index.ids, index.subgroups[column], strict=True))


@pytest.fixture(params=["csv", "parquet"])
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"table.{request.param}"
    cells().to_csv(path, index=False) if request.param == "csv" else cells().to_parquet(path, index=False)
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tree(tmp_path / "x", [f"images/s{number}.png" for number in range(ROWS)])
    cells().drop(columns=["size"]).to_csv(folder / "labels.csv", index=False)
    return folder


def expected(values: Sequence[str]) -> dict[str, str]:
    return {f"s{number}": value or "(missing)" for number, value in enumerate(values)}


def test_columns_of_a_table_of_rows_are_kept_and_still_learned_from(rows: Path, tmp_path: Path) -> None:
    index = read(rows, tmp_path, subgroup_columns=["sex", "age", "person"][:2], subgroup_bands=["age=40 60"])
    assert of(index, "sex") == expected(cells()["sex"].tolist())
    bands = pd.cut(cells()["age"], [-1, 40, 60, 999], right=False, labels=["< 40", "40 to < 60", "≥ 60"])
    assert of(index, "age") == expected(bands.tolist())
    assert {"sex", "age"} <= set(index.columns.learned)
    sex, age = index.reading.subgroups
    assert (sex.column, sex.rule, sex.learned) == ("sex", "values as they are", True)
    assert sex.groups == {"F": 20, "M": 20, "(missing)": 20}
    assert list(age.groups) == ["< 40", "40 to < 60", "≥ 60"]
    told = next(finding for finding in index.reading.findings if finding.code == "subgroups")
    assert "'sex' (learned from, too), 'age' (learned from, too)" in told.text


def test_a_column_that_is_ignored_is_kept_and_not_learned_from(rows: Path, tmp_path: Path) -> None:
    index = read(rows, tmp_path, subgroup_columns=["sex"], ignore_columns=["sex"])
    assert of(index, "sex") == expected(cells()["sex"].tolist())
    assert "sex" not in index.columns.learned
    assert not index.reading.subgroups[0].learned


def test_rows_that_are_left_out_have_no_group(tmp_path: Path) -> None:
    table = cells()
    table["label"] = table["label"].astype(object)
    table.loc[:9, "label"] = ""
    table.to_csv(tmp_path / "t.csv", index=False)
    index = read(tmp_path / "t.csv", tmp_path, subgroup_columns=["site"], missing_labels="leave_out")
    assert index.ids == [f"s{number}" for number in range(10, ROWS)]
    assert index.subgroups["site"] == [SITE[number % 2] for number in range(10, ROWS)]


def test_columns_beside_images_are_kept(pictures: Path) -> None:
    index = read(pictures, pictures.parent, subgroup_columns=["sex", "age"])
    assert of(index, "sex") == expected(cells()["sex"].tolist())
    assert index.reading.subgroups[1].rule == "bands of 10"
    assert not index.reading.subgroups[0].learned


def test_folders_of_images_are_kept(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", images("a/ill", "a/well", "b/ill", "b/well"))
    index = read(folder, tmp_path, class_folder=2, subgroup_folder=1)
    assert of(index, "folder 1") == {id_: id_[0] for id_ in index.ids}
    refusal = refused(folder, tmp_path, class_folder=2, subgroup_folder=3)
    assert (refusal.field, "at most 2 deep" in refusal.message) == ("data.subgroup_folder", True)


def test_images_that_cannot_be_read_take_their_groups_with_them(pictures: Path) -> None:
    index = read(pictures, pictures.parent, subgroup_columns=["site"])
    left = layouts.without(index, {"images/s0.png", "images/s7.png"})
    assert of(left, "site") == {id_: group for id_, group in of(index, "site").items() if id_ not in ("s0", "s7")}


def test_rows_of_one_image_must_agree(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", images("images"))
    named = [(str(n), n % 2, side) for n in range(6) for side in ("left", "right")]
    (folder / "labels.csv").write_text(csv("id,label,side", named))
    assert len(read(folder, tmp_path).samples) == 6
    assert "different values in data.subgroup_columns" in refused(folder, tmp_path, subgroup_columns=["side"]).message


@pytest.mark.parametrize("layout", ["rows", "pictures"])
def test_a_column_that_is_not_there_is_refused_with_those_that_are(
    layout: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    source = tmp_path / "t.csv" if layout == "rows" else request.getfixturevalue("pictures")
    if layout == "rows":
        cells().to_csv(source, index=False)
    refusal = refused(source, tmp_path, subgroup_columns=["gender"])
    assert refusal.field == "data.subgroup_columns"
    assert "no column 'gender'" in refusal.message
    assert {"sex", "site", "age"} <= set(refusal.possible)
    assert not {"id", "label"} & set(refusal.possible)


@pytest.mark.parametrize("column", ["id", "label", "person"])
def test_a_column_with_a_role_is_refused(rows: Path, tmp_path: Path, column: str) -> None:
    refusal = refused(rows, tmp_path, subgroup_columns=[column], patient_column="person")
    assert f"'{column}' is the id, the target, the patient or the split" in refusal.message


def test_ids_are_refused_when_the_request_comes(rows: Path, tmp_path: Path) -> None:
    refusal = refused(rows, tmp_path, subgroup_columns=["person"], patients="each_sample")
    assert (refusal.field, "'person' has 30 different values" in refusal.message) == ("data.subgroup_columns", True)


def test_bands_of_a_column_that_is_not_asked_for_are_refused(rows: Path, tmp_path: Path) -> None:
    refusal = refused(rows, tmp_path, subgroup_columns=["sex"], subgroup_bands=["age=40"])
    assert (refusal.field, refusal.possible) == ("data.subgroup_bands", ["sex"])


@pytest.mark.parametrize("option", [{"subgroup_columns": ["sex"]}, {"subgroup_folder": 1}, {"subgroup_bands": ["a=1"]}])
def test_data_without_columns_and_folders_refuse_them(tmp_path: Path, option: dict[str, Any]) -> None:
    (field,) = option
    assert refused(with_npz(tmp_path / "x.npz"), tmp_path, **option).field == f"data.{field}"
    with pytest.raises(SourceError) as error:
        sources.inspect(config_of("builtin:digits-is-8", data=option), [])
    assert error.value.field == f"data.{field}"


def test_class_folders_have_no_columns(tmp_path: Path) -> None:
    folder = tree(tmp_path / "x", images("ill", "well"))
    refusal = refused(folder, tmp_path, subgroup_columns=["sex"])
    assert "name one of their folders in data.subgroup_folder" in refusal.message


def test_a_table_of_rows_lies_in_no_folders(rows: Path, tmp_path: Path) -> None:
    assert refused(rows, tmp_path, subgroup_folder=1).field == "data.subgroup_folder"


def test_hostile_columns_have_short_groups(tmp_path: Path) -> None:
    table = cells()
    table["site"] = ["<b>" + "a" * 20_000, "b\u202e" * 10_000] * (ROWS // 2)
    table.to_csv(tmp_path / "t.csv", index=False)
    index = read(tmp_path / "t.csv", tmp_path, subgroup_columns=["site"], ignore_columns=["site"])
    assert max(map(len, index.reading.subgroups[0].groups)) <= 100
    assert all(text.isprintable() for text in index.reading.subgroups[0].groups)


def test_a_training_has_the_groups_of_its_samples(rows: Path) -> None:
    samples = loaded(rows, id_column="id", target_column="label", subgroup_columns=["site"])
    assert dict(zip(samples.sample_ids, samples.subgroups["site"], strict=True)) == expected(cells()["site"].tolist())
