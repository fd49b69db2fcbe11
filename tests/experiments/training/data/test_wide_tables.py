"""Tables of very many columns: as wide as real ones they are read in seconds; wider ones are refused before that."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.training.contract.check_reports import Finding, Report
from experiments.training.contract.check_reports import Task as CheckTask
from experiments.training.data.files.folders import LoneFile
from experiments.training.data.inspection import check, sample_process
from experiments.training.data.inspection.sample_sheets import Task
from experiments.training.data.loading import Samples, load
from experiments.training.data.module import DataModule, build
from experiments.training.data.sources import SourceError, inspect
from experiments.training.data.tables import feature_tables, features
from experiments.training.data.tables.formats.table_limits import MAX_COLUMNS
from experiments.training.preflight.report_builder import PreflightBuilder
from tests.experiments.training.datasets import config_of, job_of, with_csv

TOO_WIDE = MAX_COLUMNS + 1


def text(columns: int, rows: int = 8, cell: str = "{row}") -> str:
    """Write a table of a target and numbers."""
    header = ",".join(["label", *(f"g{number}" for number in range(columns - 1))])
    return "\n".join(
        [header, *(",".join([f"c{row % 2}", *[cell.format(row=row)] * (columns - 1)]) for row in range(rows))]
    )


def write(path: Path, columns: int) -> Path:
    if path.suffix == ".csv":
        path.write_text(text(columns))
    else:
        numbers = {f"g{number}": pa.array(np.arange(8.0)) for number in range(columns - 1)}
        pq.write_table(pa.table({"label": [f"c{row % 2}" for row in range(8)]} | numbers), path)
    return path


@pytest.fixture(scope="module", params=[".csv", ".parquet"])
def too_wide(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("wide") / f"genes{request.param}", TOO_WIDE)


def refusal(name: str) -> str:
    return (
        f"{name} has 65,537 columns, and at most 65,536 can be read; leave out those that are not needed, for example "
        "the ones that hardly vary."
    )


def of_request(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        inspect(config_of(path.name), [path.parent])
    assert caught.value.field == "source_path"
    return caught.value.message


def of_training(path: Path) -> str:
    config = config_of(path.name)
    with pytest.raises(SourceError) as caught:
        load(config, job_of(config, path.parent))
    assert caught.value.field == "source_path"
    return caught.value.message


def of_check(path: Path) -> str:
    reports: list[Report] = []
    check.check_data_set(CheckTask(path=str(path), roots=[str(path.parent)]), reports.append)
    last = reports[-1]
    assert isinstance(last, Finding)
    assert last.classes is None
    return last.problem or ""


def of_first_rows(path: Path, *, features: bool = False) -> str:
    task = Task(path=str(path), roots=[str(path.parent)], stamp=None, folder=str(path.parent), features=features)
    with pytest.raises(SourceError) as caught:
        sample_process.sheet(task)
    return caught.value.message


def of_features(path: Path) -> str:
    return of_first_rows(path, features=True)


@pytest.mark.parametrize("door", [of_request, of_training, of_check, of_first_rows, of_features])
def test_one_that_is_too_wide_is_refused_in_words(too_wide: Path, door: Callable[[Path], str]) -> None:
    assert door(too_wide) == refusal(too_wide.name)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_widest_is_accepted(tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"genes{suffix}", MAX_COLUMNS)
    config = config_of(path.name)
    assert inspect(config, [tmp_path]).classes == {"c0": 4, "c1": 4}
    assert build(config, job_of(config, tmp_path)).input_shape == (MAX_COLUMNS - 1,)


class Counting(LoneFile):
    """Counts what is read of the file."""

    bytes_read = 0

    def open(self, name: str) -> BinaryIO:
        counting = self

        class Raw(io.FileIO):
            def readinto(self, buffer: object) -> int | None:
                count = super().readinto(buffer)  # type: ignore[arg-type]
                counting.bytes_read += count or 0
                return count

        return io.BufferedReader(Raw(str(self._path.parent / name)))


def test_the_rows_of_one_that_is_too_wide_are_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "genes.csv", TOO_WIDE)
    with path.open("a") as file:
        file.write("\n" * 2**22)
    files = Counting(path)
    with pytest.raises(SourceError, match="at most 65,536"):
        feature_tables.read(files, path.name, config_of(path.name).data)
    assert files.bytes_read < 2**20


def test_time_grows_as_the_columns_do(tmp_path: Path) -> None:
    """Where each column is looked for among all, four times as many take sixteen times as long."""

    def seconds(columns: int) -> float:
        path = tmp_path / f"{columns}.csv"
        path.write_text(text(columns))
        taken = []
        for _ in range(3):
            began = time.process_time()
            found = feature_tables.read(LoneFile(path), path.name, config_of(path.name).data)
            taken.append(time.process_time() - began)
            assert found.reading.feature_count == columns - 1
        return min(taken)

    assert seconds(20_000) < 9 * seconds(5_000)


def test_commas_within_quotes_are_no_columns(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n % 2}\n" for n in range(8))
    (tmp_path / "x.csv").write_text(f'"{"," * 70_000}",label\n{rows}')
    assert inspect(config_of("x.csv"), [tmp_path]).samples == 8


def test_a_record_of_many_lines_is_counted_whole(tmp_path: Path) -> None:
    line = ",".join(["g"] * 30_000)
    (tmp_path / "x.csv").write_text(f'label,{line},"\n",{line},"\n",{line}\n')
    with pytest.raises(SourceError, match="at most 65,536"):
        inspect(config_of("x.csv"), [tmp_path])


def test_many_rows_are_not_many_columns(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(text(1_000, rows=100))
    assert inspect(config_of("x.csv"), [tmp_path]).samples == 100


def wide_labels(columns: int) -> str:
    return "patientId,Target," + ",".join(f"x{number}" for number in range(columns - 2))


def test_a_table_of_labels_that_is_too_wide(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x")
    (folder / "labels.csv").write_text(f"{wide_labels(100_000)}\n0,1\n")
    with pytest.raises(SourceError, match=r"labels\.csv has 100,000 columns, and at most 65,536") as caught:
        inspect(config_of("x"), [tmp_path])
    assert caught.value.field == "source_path"


def test_a_row_of_labels_that_is_too_wide(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x")
    with (folder / "labels.csv").open("a") as file:
        file.write("0,1" + "," * 100_000)
    with pytest.raises(SourceError, match=r"labels\.csv has 100,002 columns"):
        inspect(config_of("x"), [tmp_path])


def test_a_wide_table_beside_that_of_the_labels_is_in_nobodys_way(tmp_path: Path) -> None:
    folder = with_csv(tmp_path / "x")
    expected = inspect(config_of("x"), [tmp_path]).classes
    (folder / "a-genes.csv").write_text(f"{wide_labels(100_000)}\n0,1\n")
    assert inspect(config_of("x"), [tmp_path]).classes == expected


def test_texts_become_a_bounded_number_of_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "MAX_FEATURES", 10)
    table = {f"g{number}": ["AA", "AG", "GG"] for number in range(3)} | {"x": ["1", "2", "3"]}
    assert features.encode(table)[0].shape == (3, 10)
    with pytest.raises(SourceError, match="more than 10 features") as caught:
        features.encode(table | {"y": ["1", "2", "3"]})
    assert caught.value.field == "source_path"


def test_the_log_names_the_first_of_many_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header = ["label", *(f"g{number}" for number in range(50))]
    rows = [[f"c{row % 2}", *["" if row == 0 else f"{row}"] * 50] for row in range(8)]
    (tmp_path / "x.csv").write_text("\n".join(",".join(row) for row in [header, *rows]))
    built = made(tmp_path, "x.csv")
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("Column 'g", "And so on"))]
    assert built.input_shape == (50,)
    assert len(said) == features.LOGGED + 1
    assert said[-1] == "And so on for further columns."


def made(root: Path, name: str) -> DataModule:
    config = config_of(name)
    return build(config, job_of(config, root))


def test_a_report_counts_all_columns_and_stays_small(tmp_path: Path) -> None:
    header = ["label", *("n" * 1_000 + str(number) for number in range(500))]
    rows = [[f"c{row % 2}", *["" if row == 0 else f"{row}"] * 500] for row in range(40)]
    (tmp_path / "x.csv").write_text("\n".join(",".join(row) for row in [header, *rows]))
    config = config_of("x.csv")
    builder = PreflightBuilder(config, lambda _text: None)
    builder.add_samples(load(config, job_of(config, tmp_path)))
    report = builder.report()
    texts = {finding.code: finding.text for finding in report.findings}
    assert texts["missing_values"].startswith("500 columns with missing values: ")
    assert texts["missing_values"].endswith(" and 495 more.")
    assert len(texts["missing_values"]) < 1_500
    assert report.table is not None
    assert (report.table.column_count, len(report.table.columns)) == (500, 200)
    assert max(len(column.name) for column in report.table.columns) == 200


def test_numbers_of_a_parquet_table_are_those_that_csv_has(tmp_path: Path) -> None:
    values = {
        "whole": pa.array([1, None, 2**53 + 1, -4, 5, 6, 7, 8]),
        "half": pa.array(np.array([0.1, 2, 3, 4, 5, 6, 7, 8], np.float16)),
        "single": pa.array([0.1, float("nan"), None, float("inf"), 5, 6, 7, 8], pa.float32()),
        "unsigned": pa.array([1, 2, 3, 4, 5, 6, 7, 255], pa.uint8()),
        "empty": pa.array([None] * 8, pa.float64()),
    }
    table = pa.table({"label": [f"c{row % 2}" for row in range(8)]} | values)
    pq.write_table(table, tmp_path / "x.parquet")
    names = list(values)
    columns = [[("" if cell is None else str(cell)) for cell in table[name].to_pylist()] for name in ["label", *names]]
    (tmp_path / "x.csv").write_text(
        "\n".join(",".join(row) for row in [["label", *names], *zip(*columns, strict=True)])
    )
    found = []
    for name in ("x.parquet", "x.csv"):
        config = config_of(name)
        found.append(load(config, job_of(config, tmp_path)))
    np.testing.assert_array_equal(found[0].inputs.numpy(), found[1].inputs.numpy())
    assert found[0].columns == found[1].columns
    facts = {column.name: column for column in found[0].columns}
    assert (facts["single"].values, facts["single"].missing, facts["empty"].constant) == (5, 3, True)


def test_a_moment_after_the_year_9999_is_the_files_fault(tmp_path: Path) -> None:
    far = pa.array([2**60] * 8, pa.timestamp("ms"))
    table = pa.table({"label": [f"c{row % 2}" for row in range(8)], "when": far, "x": range(8)})
    pq.write_table(table, tmp_path / "x.parquet")
    [when] = [column for column in made_of(tmp_path, "x.parquet").columns if column.kind == "left out"]
    assert when.name == "when"
    with pytest.raises(SourceError, match="column 'when' that cannot be written as texts"):
        load(config_of("x.parquet", data={"id_column": "when"}), job_of(config_of("x.parquet"), tmp_path))


def made_of(root: Path, name: str) -> Samples:
    config = config_of(name)
    return load(config, job_of(config, root))
