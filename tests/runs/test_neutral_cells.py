"""CSV for people: no cell is calculated by a spreadsheet, whichever part of the server writes the file."""

from __future__ import annotations

import ast
import csv
import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from runs.evaluation.prediction_rows import _plain, _written
from runs.spreadsheets.neutral_cells import csv_rows, csv_text, neutral, original
from runs.statistics.epoch_table import write_csv
from tests.syntax_trees import parsed
from tests.test_architecture import APPS, ROOT, python_files, relative

HOSTILE = (
    "=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", " \t=1", "=cmd|' /C calc'!A0", "-",
    "\uff1d1+1", "\uff0b1", "\uff0d1+1", "\uff20x", "-1,5", "+49 30", "-0x1", "-1e", "--1", "-inf", "-1", "+1.5",
)  # fmt: skip
HARMLESS = ("", "a", "a=b", "a-b", " a", "'", "'a", "it's", "1", "007", "1.5e-7", "\uff11")
WRITERS = {
    "runs/spreadsheets/neutral_cells.py": "writer",
    "runs/statistics/epoch_table.py": "to_csv",
    "runs/evaluation/prediction_rows.py": "write_csv",
}
"""Each writes by `neutral`, which the tests here try."""


@pytest.mark.parametrize("text", HOSTILE)
def test_a_formula_becomes_a_text_and_can_be_had_back(text: str) -> None:
    for nested in (text, f"'{text}", f"''{text}", f" '{text}"):
        assert neutral(nested) == f"'{nested}"
        assert original(neutral(nested)) == nested


@pytest.mark.parametrize("text", HARMLESS)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert neutral(text) == original(text) == text


def test_no_two_texts_become_the_same() -> None:
    texts = [f"{quotes}{text}" for text in (*HOSTILE, *HARMLESS) for quotes in ("", "'", "''")]
    assert len({neutral(text) for text in texts}) == len(set(texts))


def test_rows_below_a_head() -> None:
    text = csv_text(["=head", "n"], [["=1+1", -1.5], ["a", None], ["x,y", -3]])
    assert text == "'=head,n\n'=1+1,-1.5\na,\n\"x,y\",-3\n"
    assert csv_rows([]) == ""


def test_metrics_with_names_like_formulas(tmp_path: Path) -> None:
    table = pd.DataFrame({"=1+1": [-0.5], "-loss": [2.0]}, index=pd.Index([0], name="epoch"))
    write_csv(tmp_path / "metrics.csv", table, pd.DataFrame(index=table.index))
    with (tmp_path / "metrics.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert {name: row[name] for name in ("'=1+1", "'-loss")} == {"'=1+1": "-0.5", "'-loss": "2.0"}


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.large_string())])
def test_whole_columns_become_what_single_texts_do(kind: pa.DataType) -> None:
    texts = [f"{quotes}{text}" for text in (*HOSTILE, *HARMLESS) for quotes in ("", "'", " '")]
    found = _plain(pa.array([*texts, None], kind)).to_pylist()
    assert found == [*map(neutral, texts), None]
    assert _plain(pa.array([-1.5])).to_pylist() == [-1.5]
    written = _written(pa.table({"=a": [-1], "b": ["x"]}), header=True).decode()
    assert next(csv.reader(io.StringIO(written))) == ["'=a", "b"]


def test_every_writer_of_csv_is_known() -> None:
    """Others would forget it: `csv_text` and `csv_line` are for everything that is not pandas' or Arrow's already."""
    found: dict[str, set[str]] = {}
    for path in python_files(*APPS):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and (name := _csv_writer(node.func)):
                found.setdefault(relative(path), set()).add(name)
    assert found.pop("runs/files/exports.py") == {"write_csv"}  # that of `epoch_table`
    assert found == {file: {name} for file, name in WRITERS.items()}
    for file in WRITERS:
        assert "neutral" in (ROOT / file).read_text(), file


def _csv_writer(called: ast.expr) -> str | None:
    """Return the name of a function that writes CSV, of the standard library, pandas, NumPy, Arrow or polars."""
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    if name == "writer" and isinstance(called, ast.Attribute):
        return name if isinstance(called.value, ast.Name) and called.value.id == "csv" else None
    return name if name in ("writer", "DictWriter", "CSVWriter", "to_csv", "write_csv", "savetxt") else None


def test_only_these_places_answer_with_csv() -> None:
    """What is joined from texts by hand would be found by its media type; descriptions of the API name it too.

    The numbers of a report's figures were written by `csv_text` when it was made.
    """
    assert "csv_text(" in (ROOT / "experiments/reports/report_versions.py").read_text()
    texts = {relative(path): path.read_text() for path in python_files(*APPS)}
    assert {file for file, text in texts.items() if "text/csv" in text and "/api_reference/" not in file} == {
        "runs/api/csv_download.py",
        "runs/files/local_files.py",
        "experiments/reports/report_views.py",
    }
