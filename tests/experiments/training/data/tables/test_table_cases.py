"""Tables as people in this job bring them, and what the report of a dry run says of each."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.training.contract.preflight_report import Preflight
from tests.experiments.training.data.tables.tables_on_disk import lines, refusal, report, write
from tests.experiments.training.datasets import write_image

CHANCE = np.random.default_rng(0)


def learned(made: Preflight) -> dict[str, str]:
    """Return the columns that are learned from with their kinds, in the order of the report."""
    assert made.table is not None
    return {column.name: column.kind for column in made.table.columns if column.kind != "left out"}


def said(made: Preflight, *words: str) -> None:
    texts = [finding.text for finding in made.findings]
    for word in words:
        assert any(re.search(word, text) for text in texts), texts


def test_commas_in_the_header_between_semicolons(tmp_path: Path) -> None:
    rows = [f"{40 + row % 30};{'mf'[row // 2 % 2]};{row % 2}" for row in range(120)]
    made = report(write(tmp_path / "x.csv", lines("age, years;sex, m/f;label", rows)))
    assert learned(made) == {"age, years": "numbers", "sex, m/f": "categories"}
    assert made.classes == ["0", "1"]


def test_a_spreadsheet_with_decimal_commas(tmp_path: Path) -> None:
    rows = [f"{CHANCE.normal():.3f};{CHANCE.normal() + row % 2:.1f};{row % 2}".replace(".", ",") for row in range(120)]
    made = report(write(tmp_path / "x.csv", lines("a;b;label", rows)))
    assert learned(made) == {"a": "numbers", "b": "numbers"}
    said(made, "decimal comma: '-?[0-9],[0-9]{3}' in data row 1 is read as")


def test_an_index_that_was_written_and_read_again(tmp_path: Path) -> None:
    rows = [f"{row},{CHANCE.normal():.4f},{int(row >= 60)}" for row in range(120)]
    made = report(write(tmp_path / "x.csv", lines("Unnamed: 0,a,label", rows)))
    assert learned(made) == {"a": "numbers"}
    said(made, "Unnamed: 0")
    assert made.verdict == "ready"


@pytest.mark.parametrize("dot", [".", "-", "n/a", "#N/A", "unknown"])
def test_one_missing_cell_does_not_cost_a_column(tmp_path: Path, dot: str) -> None:
    rows = [
        f"{dot if row == 7 else f'{5 + CHANCE.random() + 20 * (row % 2):.3f}'},{40 + row % 30},{row % 2}"
        for row in range(240)
    ]
    made = report(write(tmp_path / "x.csv", lines("crp,age,label", rows)))
    assert learned(made) == {"crp": "numbers", "age": "numbers"}
    said(made, f"'crp' \\(1 of 240, '{re.escape(dot)}' in data row 8\\)")


def test_pictures_in_a_parquet(tmp_path: Path) -> None:
    write_image(tmp_path / "one.png")
    content = (tmp_path / "one.png").read_bytes()
    columns = {
        "image": [{"bytes": content, "path": f"{number}.png"} for number in range(60)],
        "label": [number % 2 for number in range(60)],
        "age": [20 + number % 9 for number in range(60)],
    }
    pq.write_table(pa.table(columns), tmp_path / "train.parquet")
    error = refusal(tmp_path / "train.parquet")
    assert "pictures or other bytes in its column 'image'" in error.message
    made = report(tmp_path / "train.parquet", ignore_columns=["image"])
    assert learned(made) == {"age": "numbers"}
    assert b"IHDR" not in msgspec.json.encode(made)


def test_pixels_in_one_cell(tmp_path: Path) -> None:
    uses = ("Training", "PublicTest", "PrivateTest")
    rows = [
        f"{number % 3},{' '.join(map(str, CHANCE.integers(0, 255, 192)))},{uses[number // 3 % 3]}"
        for number in range(240)
    ]
    error = refusal(write(tmp_path / "x.csv", lines("emotion,pixels,Usage", rows)), target_column="emotion")
    assert "192 numbers in each cell, a picture as text, in its column 'pixels'" in error.message


def test_a_first_line_for_excel(tmp_path: Path) -> None:
    rows = [f"{CHANCE.normal():.3f};{CHANCE.normal():.3f};{row % 2}" for row in range(120)]
    made = report(write(tmp_path / "x.csv", lines("sep=;\na;b;label", rows)))
    assert learned(made) == {"a": "numbers", "b": "numbers"}
    assert made.verdict == "ready"


def test_the_target_comes_twice(tmp_path: Path) -> None:
    rows = [f"{CHANCE.normal():.4f},{'BM'[row % 2]},{row % 2}" for row in range(120)]
    made = report(write(tmp_path / "x.csv", lines("a,diagnosis,label", rows)))
    assert made.verdict == "confirm"
    said(made, "'diagnosis' tells the class")
    assert learned(made) == {"a": "numbers"}


def test_an_unquoted_comma_beside_images(tmp_path: Path) -> None:
    rows = []
    for number in range(40):
        write_image(tmp_path / "x" / f"s{number}.png", number)
        rows.append(f"s{number},{'3,1' if number % 4 == 0 else '4'},{number % 2},{number % 2}")
    write(tmp_path / "x" / "labels.csv", lines("id,age,label,reader", rows))
    message = refusal(tmp_path / "x").message
    assert "data row 1 has more cells (5) than there are columns (4): 's0,3,1,0,0'; 10 of 40 rows do not fit" in message


def test_what_the_report_says_of_a_plain_table(tmp_path: Path) -> None:
    rows = [f"{CHANCE.normal():.3f},{'mf'[CHANCE.integers(2)]},{row % 2}" for row in range(120)]
    made = report(write(tmp_path / "x.csv", lines("a,sex,label", rows)))
    found = made.reading
    assert found is not None
    assert (found.layout, found.table, found.features, found.feature_count) == ("rows", "x.csv", ["a", "sex"], 2)
    assert found.rows is not None
    assert (found.rows.total, found.rows.used, found.rows.unused) == (120, 120, [])
    assert "UTF-8 text with commas between cells" in found.why
    assert found.questions == []
