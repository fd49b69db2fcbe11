"""Numbers that stand for missing values are told; measured ones are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from experiments.training.data.tables import missing_codes
from tests.documentation import code, section
from tests.experiments.training.data.tables.tables_on_disk import findings, lines, write

MEASURED = np.linspace(3.5, 9.8, 100)


def with_code(number: float, count: int = 6, others: NDArray[np.float64] = MEASURED) -> float | None:
    return missing_codes.likely(np.concatenate([np.full(count, number), others, [np.nan]]))


@pytest.mark.parametrize("number", missing_codes.CODES)
def test_each_code_is_found_among_measurements(number: int) -> None:
    assert with_code(number) == number
    assert with_code(number, 3) == number


@pytest.mark.parametrize(
    ("number", "others"),
    [
        pytest.param(-7, MEASURED, id="no code"),
        pytest.param(99, np.linspace(36, 98, 100), id="an age among ages"),
        pytest.param(999, np.linspace(1, 998, 100), id="one of many counts"),
        pytest.param(-9, np.linspace(-12, 8, 100), id="a temperature among others"),
        pytest.param(-1, np.linspace(-0.9, 1, 100), id="a correlation"),
        pytest.param(-1, np.tile([0.0, 1.0], 50), id="an answer beside no and yes"),
        pytest.param(-1, np.zeros(100), id="one of two values"),
    ],
)
def test_measured_numbers_are_none(number: float, others: NDArray[np.float64]) -> None:
    assert with_code(number, others=others) is None


def test_one_slip_and_few_values_say_nothing() -> None:
    assert with_code(-999, 2) is None
    assert with_code(-999, others=MEASURED[:9]) is None
    assert missing_codes.likely(np.array([])) is None
    assert missing_codes.likely(np.full(20, np.nan)) is None


def test_a_code_is_told_with_its_cells_and_the_cure(tmp_path: Path) -> None:
    rows = [f"{-999 if row % 20 == 0 else 4 + row % 7},{row % 13},{row % 2}" for row in range(120)]
    path = write(tmp_path / "x.csv", lines("crp,age,label", rows))
    text = findings(path)["columns_missing_code"]
    assert "'crp' (-999, 6 of 120). Leave these cells blank" in text
    assert "columns_missing_code" not in findings(path, use_columns=["crp"])


def test_the_page_lists_the_codes() -> None:
    said = " ".join(section("how-to/how-your-data-are-read", "What a column holds", 3).split())
    _, _, after = said.partition("where one of ")
    assert code(after.partition(" comes")[0]) == [str(number) for number in missing_codes.CODES]
