"""Tables as data: what is learned of columns is learned in training rows, and compared with scikit-learn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from experiments.training.contract.column_facts import Feature
from experiments.training.data.module import DataModule, build
from experiments.training.data.sources import SourceError, SourceSummary, inspect
from experiments.training.data.tables import features
from experiments.training.data.tables.formats import table_limits
from tests.experiments.training.datasets import config_of, job_of, write_csv, write_image, zipped

HEADER = ("id", "age", "sex", "site", "same", "label")
SEXES = ("f", "m", "", "NA")


def rows(count: int = 40) -> list[list[object]]:
    """Make ages with gaps, a category with gaps, a text that always differs, a constant, and two classes."""
    return [
        [f"{n:03d}", "" if n % 7 == 0 else n * n / 8, SEXES[n % 4], n % 3, 5, "sick" if n % 5 < 2 else "healthy"]
        for n in range(count)
    ]


def built(source: str, root: Path, **groups: Any) -> DataModule:
    config = config_of(source, **groups)
    inspect(config, [root])
    return build(config, job_of(config, root))


def inputs(data: DataModule) -> torch.Tensor:
    """Load all samples, in the order of the table."""
    found: dict[int, torch.Tensor] = {}
    for batches in (data.train_dataloader(), data.val_dataloader()):
        for x, _, index in batches:
            found |= {int(i): row for i, row in zip(index, x, strict=True)}
    return torch.stack([found[i] for i in range(len(found))])


def write_parquet(path: Path, table: list[list[object]]) -> None:
    """Write the same rows with typed columns: missing is null."""
    columns = dict(zip(HEADER, map(list, zip(*table, strict=True)), strict=True))
    columns["age"] = [None if value == "" else value for value in columns["age"]]
    columns["sex"] = [value if value in ("f", "m") else None for value in columns["sex"]]
    pq.write_table(pa.table(columns), path)


def test_numbers_and_categories_as_scikit_learn_prepares_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_csv(tmp_path / "x.csv", rows(), header=HEADER)
    summary = inspect(config_of("x.csv"), [tmp_path])
    assert replace(summary, stamp=None) == SourceSummary("x", "file", {"healthy": 24, "sick": 16})
    data = built("x.csv", tmp_path)
    train = data.indices["train"]
    ages = np.array([[np.nan if row[1] == "" else float(str(row[1]))] for row in rows()])
    ages = SimpleImputer(strategy="median").fit(ages[train]).transform(ages)
    sexes = np.array([[row[2] if row[2] in ("f", "m") else "-"] for row in rows()])
    sexes = OneHotEncoder(categories=[["-", "f", "m"]], sparse_output=False).fit_transform(sexes)
    table = np.column_stack([ages, sexes, [float(str(row[3])) for row in rows()]])
    expected = StandardScaler().fit(table[train]).transform(table)
    assert data.input_shape == (5,)
    assert np.allclose(inputs(data).numpy(), expected, atol=1e-5)
    assert data.sample_ids[:2] == ["000", "001"]
    assert data.class_names == ["healthy", "sick"]
    said = capsys.readouterr().out
    assert "Column 'age': 6 missing values count as" in said
    assert "Constant in the training split and left out: 'same'." in said


def test_validation_rows_teach_nothing() -> None:
    train = torch.tensor([[1.0], [2.0], [torch.nan], [6.0]], dtype=torch.float64)
    only = [Feature("a")]
    small, fitted = features.prepare(torch.cat([train, torch.tensor([[3.0]])]), [0, 1, 2, 3], only)
    large, same = features.prepare(torch.cat([train, torch.tensor([[1e9]])]), [0, 1, 2, 3], only)
    assert fitted.described() == same.described()
    assert torch.equal(small[:4], large[:4])
    deviation = np.std([1, 2, 2, 6])  # the median of 1, 2 and 6 fills the gap; their mean is then 2.75
    assert small[:, 0].tolist() == pytest.approx([(x - 2.75) / deviation for x in (1, 2, 2, 6, 3)])


def test_a_column_that_varies_outside_the_training_split_only_is_left_out() -> None:
    table = torch.tensor([[0.1, 1.0], [0.1, 2.0], [0.1, 3.0], [7.0, 4.0]])
    assert features.prepare(table, [0, 1, 2], [Feature("a"), Feature("b")])[0].shape == (4, 1)
    with pytest.raises(SourceError, match="Every column is constant"):
        features.prepare(table[:, :1], [0, 1, 2], [Feature("a")])


def test_columns_without_any_value_and_texts_that_always_differ_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = [[f"Ms {n}", "", "inf" if n == 3 else n, n % 2] for n in range(120)]
    write_csv(tmp_path / "x.csv", table, header=("name", "nothing", "number", "class"))
    data = built("x.csv", tmp_path)
    assert data.input_shape == (1,)
    assert torch.isfinite(inputs(data)).all()
    assert data.sample_ids[:2] == ["1", "2"]
    said = capsys.readouterr().out
    assert "Left out, as they have more than 100 different texts: 'name' (120, 'Ms 0' in data row 1)." in said
    assert "left out: 'nothing'" in said


def test_parquet_and_folder_and_zip_give_the_same_numbers(tmp_path: Path) -> None:
    write_csv(tmp_path / "a" / "x.csv", rows(), header=HEADER)
    (tmp_path / "b").mkdir()
    write_parquet(tmp_path / "b" / "x.parquet", rows())
    zipped(tmp_path / "b")
    first, *others = (built(name, tmp_path) for name in ("a", "a/x.csv", "b", "b/x.parquet", "b.zip"))
    for other in others:
        assert other.indices == first.indices
        assert torch.allclose(inputs(other), inputs(first), atol=1e-6)


def test_a_parquet_table_with_true_and_false(tmp_path: Path) -> None:
    table = pa.table(
        {
            "x": [n % 3 == 0 for n in range(30)],
            "y": [float(n) for n in range(30)],
            "Target": [n % 2 == 0 for n in range(30)],
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    assert inspect(config_of("x.parquet"), [tmp_path]).classes == {"0": 15, "1": 15}
    assert built("x.parquet", tmp_path).input_shape == (2,)


def test_rows_that_share_an_id_are_one_patients(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "x.csv", [(f"p{n // 4}", n, n // 4 % 2) for n in range(80)], header=("patient_id", "x", "label")
    )
    data = built("x.csv", tmp_path)
    assert data.sample_ids[78:] == ["79", "80"]
    train, val = ({data.patient_ids[i] for i in data.indices[split]} for split in ("train", "val"))
    assert (len(train), len(val), train & val) == (16, 4, set())
    assert data.input_shape == (1,)


def test_a_split_column_of_a_table(tmp_path: Path) -> None:
    table = [(n, n % 2, ("train", "train", "val")[n // 2 % 3]) for n in range(24)]
    write_csv(tmp_path / "x.csv", table, header=("x", "label", "Split"))
    data = built("x.csv", tmp_path)
    assert data.indices["val"] == [n for n in range(24) if table[n][2] == "val"]
    assert data.input_shape == (1,)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,label\n1,0\n2,1\n", "no columns to learn from beside id, label"),
        ("id,x,weather\n1,0,1\n", "no column 'Target'"),
        ("id,x,outcome\n1,0,1\n", "column 'outcome' (1) may be the target: set data.target_column to 'outcome'"),
        ("x,x,label\n1,0,1\n", "several columns called x"),
        ("x,label\n1,0\n2,\n", "1 of 2 labels in column 'label' of x.csv are missing: blank (1)"),
        ("x,label\n", "no rows"),
        ("", "is empty"),
        ("x,label\n1,0,5\n", "data row 1 has more cells"),
        ("id,x,label,diagnosis\n1,0,1,1\n", "each of column 'label' (1), column 'diagnosis' (1) may be the target"),
        ("x,label\n" + "1,0\n" * 9, "All 9 samples have the class '0', which was taken from column 'label' of x.csv"),
    ],
)
def test_tables_that_cannot_be_learned_from(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "x.csv").write_text(content)
    with pytest.raises(SourceError) as caught:
        inspect(config_of("x.csv"), [tmp_path])
    assert message in caught.value.message


def test_a_file_that_is_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(SourceError, match="not a readable Parquet file"):
        inspect(config_of("x.parquet"), [tmp_path])


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_table_with_too_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    if suffix == ".csv":
        write_csv(tmp_path / "x.csv", rows(), header=HEADER)
    else:
        write_parquet(tmp_path / "x.parquet", rows())
    monkeypatch.setattr(table_limits, "MAX_ROWS", 39)
    with pytest.raises(SourceError, match="more than 39 rows"):
        inspect(config_of(f"x{suffix}"), [tmp_path])
    monkeypatch.setattr(table_limits, "MAX_ROWS", 40)
    assert inspect(config_of(f"x{suffix}"), [tmp_path]).samples == 40


def test_several_tables_without_images(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        write_csv(tmp_path / "x" / name, rows(), header=HEADER)
    with pytest.raises(SourceError, match=r"several tables: a\.csv, b\.csv"):
        inspect(config_of("x"), [tmp_path])
    assert inspect(config_of("x/a.csv"), [tmp_path]).samples == 40
    write_image(tmp_path / "x" / "000.png")
    with pytest.raises(SourceError, match="Several tables"):  # tables beside images name these
        inspect(config_of("x"), [tmp_path])


def test_a_convolution_over_a_table(tmp_path: Path) -> None:
    write_csv(tmp_path / "x.csv", rows(), header=HEADER)
    with pytest.raises(SourceError, match="cnn needs images"):
        inspect(config_of("x.csv", model={"name": "cnn"}), [tmp_path])
