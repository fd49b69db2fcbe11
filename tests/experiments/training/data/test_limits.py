"""The advice of a refusal, once followed, is not refused in its turn."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from experiments.training.data.files import archives
from experiments.training.data.sources import SourceError, inspect
from experiments.training.data.tables.formats import csv_files, dialects, table_limits
from tests.experiments.training.datasets import config_of, with_csv, write_csv, zipped

HEADER = ("Target", "a", "b", "c")
ROWS = [(number % 2, number, number * number % 7, 1000 - number) for number in range(60)]


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        inspect(config_of(path), [path.parent])
    assert caught.value.field == "source_path"
    return caught.value.message


def samples(path: Path) -> int:
    return inspect(config_of(path), [path.parent]).samples


def as_parquet(path: Path, rows: Sequence[Sequence[int]], header: Sequence[str] = HEADER) -> Path:
    columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=False))
    pyarrow.parquet.write_table(pa.table(columns), path)
    return path


def advised(message: str, unit: str) -> int:
    [number] = re.findall(rf"([\d,]+) {unit}", message)
    return int(number.replace(",", ""))


@pytest.fixture
def csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a CSV that is too large as such."""
    write_csv(tmp_path / "x.csv", ROWS, HEADER)
    monkeypatch.setattr(csv_files, "MAX_CSV_BYTES", 200)
    monkeypatch.setattr(dialects, "HEAD_BYTES", 60)  # the lines behind these show how many there are
    return tmp_path / "x.csv"


def test_a_large_csv_of_as_many_rows_as_are_read_becomes_parquet(csv: Path, tmp_path: Path) -> None:
    message = refusal(csv)
    assert "save it as Parquet" in message
    assert "rows" in message
    assert samples(as_parquet(tmp_path / "x.parquet", ROWS)) == 60


def test_a_large_csv_of_too_many_rows_is_told_how_many_parquet_may_have(
    csv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_limits, "MAX_CELLS", 200)
    message = refusal(csv)
    assert 55 <= advised(re.sub("at most.*", "", message), "rows") <= 65  # about 60
    most = advised(re.sub(".*at most", "", message), "rows")
    assert samples(as_parquet(tmp_path / "x.parquet", ROWS[:most])) == most == 50


def test_a_parquet_of_too_many_cells_has_fewer_rows_or_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_limits, "MAX_CELLS", 150)
    message = refusal(as_parquet(tmp_path / "x.parquet", ROWS))
    most, columns = re.findall(r"at most ([\d,]+) rows, or ([\d,]+) columns", message)[0]
    assert samples(as_parquet(tmp_path / "rows.parquet", ROWS[: int(most)])) == int(most) == 50
    fewer = as_parquet(tmp_path / "columns.parquet", ROWS, HEADER[: 1 + int(columns)])
    assert samples(fewer) == 60


def test_a_parquet_of_too_many_rows_has_fewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_limits, "MAX_ROWS", 40)
    most = advised(refusal(as_parquet(tmp_path / "x.parquet", ROWS)), "rows")
    assert samples(as_parquet(tmp_path / "rows.parquet", ROWS[:most])) == most == 40


@pytest.mark.parametrize(
    ("limit", "value"),
    [("MAX_ENTRIES", 5), ("MAX_FILE_BYTES", 70), ("MAX_TOTAL_BYTES", 500), ("MAX_DIRECTORY_BYTES", 100)],
)
def test_a_large_zip_is_unpacked_into_a_data_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int
) -> None:
    packed = zipped(with_csv(tmp_path / "x"))
    shutil.rmtree(tmp_path / "x")
    monkeypatch.setattr(archives, limit, value)
    assert "unpack it inside a data root, and name that folder" in refusal(packed)
    shutil.unpack_archive(packed, tmp_path / "unpacked")
    assert samples(tmp_path / "unpacked") == 10
