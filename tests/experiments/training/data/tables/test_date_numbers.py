"""Dates that are written as numbers: left out and told, as other dates are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.training.data.tables.contents import date_numbers
from tests.experiments.training.data.tables.tables_on_disk import findings, kinds, lines, loaded, names, write

DAYS = [20100101 + 10000 * (n % 11) + 100 * (n * 7 % 12) + n * 5 % 28 for n in range(60)]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(DAYS, id="days"),
        pytest.param([*DAYS, np.nan], id="with a gap"),
        pytest.param([day * 10_000 + 930 for day in DAYS], id="hours and minutes"),
        pytest.param([day * 1_000_000 + 93059 for day in DAYS], id="seconds"),
        pytest.param([n % 28 * 1_000_000 + 1_032_010 + n % 10 * 10_000 for n in range(60)], id="day, month, year"),
        pytest.param([1_312_015, 12_312_015, 2_012_016, 10_152_020, 11_302_019], id="month, day, year"),
        pytest.param([19000101, 21001231, 20000229, 19991231, 20240630], id="five different"),
    ],
)
def test_dates(values: list[float]) -> None:
    assert date_numbers.are_dates(np.array(values, float))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([*DAYS, 20101301], id="month 13"),
        pytest.param([*DAYS, 20100132], id="day 32"),
        pytest.param([*DAYS, 20100100], id="day 0"),
        pytest.param([*DAYS, 18991231], id="1899"),
        pytest.param([*DAYS, 21010101], id="2101"),
        pytest.param([*DAYS, 20100101.5], id="a fraction"),
        pytest.param([*DAYS, -20100101], id="a sign"),
        pytest.param(DAYS[:4] * 9, id="four different"),
        pytest.param([13_312_015, 12_312_015, 2_012_016, 10_152_020, 11_302_019], id="no month"),
        pytest.param([1_031_899, 12_032_015, 2_012_016, 10_052_020, 11_102_019], id="a year too early"),
        pytest.param([n * 1_000_000 + 12_000 for n in range(1, 60)], id="sizes in thousands"),
        pytest.param([day * 10_000 + 2430 for day in DAYS], id="hour 24"),
        pytest.param(list(range(2001, 2030)), id="years"),
        pytest.param(np.random.default_rng(0).integers(20_000_000, 21_000_000, 60).tolist(), id="sizes"),
        pytest.param([np.nan] * 9, id="nothing"),
        pytest.param([1e300, np.inf], id="huge"),
    ],
)
def test_other_numbers(values: list[float]) -> None:
    assert not date_numbers.are_dates(np.array(values, float))


def test_they_are_left_out_and_told(tmp_path: Path) -> None:
    rows = [f"{'' if n == 0 else day},{n * 13 % 17},{n % 2}" for n, day in enumerate(DAYS)]
    path = write(tmp_path / "x.csv", lines("visit,a,label", rows))
    assert kinds(path) == {"visit": "left out", "a": "numbers"}
    assert names(loaded(path)) == ["a"]
    assert findings(path)["columns_date_numbers"] == (
        f"Left out, as their numbers are dates: 'visit' ({DAYS[1]} in data row 2); to learn from them, write an age or "
        "the days since an event, or name them in data.use_columns."
    )
    assert names(loaded(path, use_columns=["visit"])) == ["visit", "a"]
    assert "columns_date_numbers" not in findings(path, use_columns=["visit"])


def test_whole_numbers_of_a_parquet_file_too(tmp_path: Path) -> None:
    frame = pd.DataFrame({"visit": DAYS, "a": [n * 13 % 17 for n in range(60)], "label": [n % 2 for n in range(60)]})
    frame.to_parquet(tmp_path / "x.parquet")
    assert kinds(tmp_path / "x.parquet") == {"visit": "left out", "a": "numbers"}
