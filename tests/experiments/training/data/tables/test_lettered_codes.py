"""Codes such as 1E5, which are numbers to every program: texts, where all cells of a column are such."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from experiments.training.data.tables.contents import column_types
from experiments.training.data.tables.contents.typed_column import Column
from tests.experiments.training.data.tables.tables_on_disk import findings, kinds, lines, loaded, names, write


def ways(texts: list[str]) -> list[Column]:
    """Type a column beside another one, alone, and as a dictionary: each goes another way."""
    array = pa.chunked_array([pa.array(texts, pa.string())])
    beside = column_types.of_columns([array, array], "point")
    return [*beside, column_types.of_column(array, "point"), column_types.of_column(array.dictionary_encode(), "point")]


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(["1E5", "2E5", "12E3"], id="codes"),
        pytest.param([" 1E5", "2E5 ", "12E3"], id="blanks around them"),
        pytest.param(["", "1E5", "12E3"], id="a gap first"),
        pytest.param(["1E5", "NA", "12E3"], id="a word for a gap"),
        pytest.param(["1E5", "1E5", "1E400"], id="one too large for a number"),
    ],
)
def test_codes_are_texts(texts: list[str]) -> None:
    for column in ways(texts):
        assert column.kind == "categories"
        assert "lettered" in {remark.reason for remark in column.remarks}
        assert "1E5" in column.texts.to_pylist()


@pytest.mark.parametrize(
    "texts",
    [
        ["1E+05", "2E+05", "3E-05"],
        ["1.0E5", "2.5E5", "3.0E5"],
        ["1e5", "2e5", "3e5"],
        ["1E5", "200000", "3E5"],
        ["-1E5", "1E5", "2E5"],
        ["1E5", "2E5", "0.5"],
        ["", "", ""],
    ],
)
def test_numbers_stay_numbers(texts: list[str]) -> None:
    assert {column.kind for column in ways(texts)} == {"numbers"}


def test_they_are_told(tmp_path: Path) -> None:
    rows = [f"{('1E5', '2E5', '1E3', '2E7')[n * 7 % 4]},{n * 13 % 17},{n // 30}" for n in range(60)]
    path = write(tmp_path / "x.csv", lines("well,a,label", rows))
    assert kinds(path) == {"well": "categories", "a": "numbers"}
    assert names(loaded(path)) == ["well=1E3", "well=1E5", "well=2E5", "well=2E7", "a"]
    assert "'well' ('1E5' in data row 1 and 59 more); to learn from them" in findings(path)["columns_lettered"]
