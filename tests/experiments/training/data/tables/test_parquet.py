"""Parquet files of all types, against pandas and exact arithmetic; pictures and lists; hostile ones."""

from __future__ import annotations

import datetime
import io
import random
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from experiments.training.data.files.folders import LoneFile
from experiments.training.data.sources import SourceError
from experiments.training.data.tables.formats import opening, parquet, table_limits
from tests.experiments.training.data.tables.tables_on_disk import (
    column,
    findings,
    kinds,
    loaded,
    names,
    reading,
    refusal,
)

ROWS = 60
LABELS = [number % 2 for number in range(ROWS)]


def write(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    given = {name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in columns.items()}
    pq.write_table(pa.table(given), path, **options)
    return path


def cycled(values: list[Any], kind: pa.DataType | None = None) -> pa.Array:
    return pa.array([values[number % len(values)] for number in range(ROWS)], kind)


def test_numbers_are_those_that_pandas_reads(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    columns = {
        "double": chance.normal(size=ROWS),
        "single": chance.normal(size=ROWS).astype(np.float32),
        "half": chance.normal(size=ROWS).astype(np.float16),
        "whole": chance.integers(-(2**60), 2**60, ROWS),
        "unsigned": chance.integers(0, 2**63, ROWS).astype(np.uint64) * np.uint64(2),
        "small": chance.integers(0, 200, ROWS).astype(np.uint8),
        "nullable": cycled([1, None, 2**53 + 1, -4, 5, 7, 11]),
        "gaps": cycled([0.5, float("nan"), None, float("inf"), 3.25]),
        "flag": cycled([True, False, None, True, True]),
        "of_few": cycled([1.5, 2.5, None]).dictionary_encode(),
        "label": LABELS,
    }
    path = write(tmp_path / "x.parquet", columns, row_group_size=17)
    expected = pd.read_parquet(path).drop(columns="label").astype(float).replace([np.inf], np.nan)
    samples = loaded(path, use_columns=[])
    assert names(samples) == list(expected.columns)
    np.testing.assert_array_equal(samples.inputs.numpy(), expected.to_numpy())
    assert kinds(path) == dict.fromkeys(expected.columns, "numbers")
    assert "'gaps' (12 of 60, 'inf' in data row 4)" in findings(path)["columns_infinite"]


def test_decimals_are_the_nearest_numbers_to_their_digits(tmp_path: Path) -> None:
    """Arrow's own conversion is one bit off in one of seventy."""
    chance = random.Random(0)
    digits = [Decimal(chance.randrange(-(10**17), 10**17)).scaleb(-8) for _ in range(2_000)]
    path = write(
        tmp_path / "x.parquet", {"a": pa.array(digits, pa.decimal128(38, 8)), "label": [n % 2 for n in range(2_000)]}
    )
    assert column(path, "a") == [float(value) for value in digits]


def test_texts_of_all_kinds(tmp_path: Path) -> None:
    columns = {
        "text": cycled([" f", "m ", None, "NA"]),
        "large": cycled(["a", "b", "c"], pa.large_string()),
        "few": cycled(["x", "y", None]).dictionary_encode(),
        "bytes": cycled([b"low", b"high", b"low"]),  # as old programs write texts
        "numbers": cycled(["1.5", "2", "", "."]),
        "comma": cycled(["1,5", "2", "3,25"]),
        "label": cycled(["no", "yes"]).dictionary_encode(),
    }
    path = write(tmp_path / "x.parquet", columns, row_group_size=25)
    assert kinds(path) == {
        **dict.fromkeys(("text", "large", "few", "bytes"), "categories"),
        **dict.fromkeys(("numbers", "comma"), "numbers"),
    }
    samples = loaded(path)
    assert names(samples)[:3] == ["text=(missing)", "text=f", "text=m"]
    assert samples.classes == ["no", "yes"]
    assert column(path, "comma")[:3] == [1.5, 2, 3.25]


def test_what_is_no_plain_value_is_left_out_and_told(tmp_path: Path) -> None:
    day = datetime.date(2024, 1, 1)
    columns = {
        "a": cycled([1.0, 2.0, 4.0]),
        "day": cycled([day, None]),
        "moment": cycled([datetime.datetime(2024, 1, 1, 12)]),
        "hour": cycled([datetime.time(12)]),
        "span": cycled([datetime.timedelta(days=1)]),
        "tags": cycled([["a", "b"], []]),
        "person": cycled([{"age": 1, "sex": "f"}]),
        "nothing": pa.nulls(ROWS),
        "label": LABELS,
    }
    path = write(tmp_path / "x.parquet", columns)
    told = findings(path)
    assert "'day' (30 of 60), 'moment' (60 of 60), 'hour' (60 of 60), 'span' (60 of 60)" in told["columns_dates"]
    assert "'tags' (lists), 'person' (records)" in told["columns_nested"]
    learned = {name for name, kind in kinds(path).items() if kind != "left out"}
    assert learned == {"a", "nothing"}
    assert reading(path).feature_count == 2


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (8, 8), 7).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param({"bytes": picture(), "path": "a.png"}, id="as model hubs have them"),
        pytest.param(picture(), id="bytes"),
        pytest.param(list(range(64)), id="list"),
        pytest.param([[0.5] * 8] * 8, id="nested list"),
    ],
)
@pytest.mark.parametrize("name", ["image", "id", "scan"])
def test_pictures_in_cells_are_refused_or_left_out_by_name(tmp_path: Path, cell: object, name: str) -> None:
    columns = {name: cycled([cell]), "age": cycled([20, 30, 41]), "label": LABELS}
    path = write(tmp_path / "x.parquet", columns)
    message = refusal(path).message
    assert f"column {name!r}" in message
    assert "data.ignore_columns" in message
    assert "IHDR" not in message
    samples = loaded(path, ignore_columns=[name])
    assert names(samples) == ["age"]
    assert samples.sample_ids[:2] == ["1", "2"]
    assert "IHDR" not in str(samples.reading)
    assert f"Left out, as data.ignore_columns says: {name!r}." in str(samples.reading)


def test_ids_have_a_bounded_length(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x.parquet", {"id": [f"{n}" * 300 for n in range(ROWS)], "a": cycled([1, 2, 5]), "label": LABELS}
    )
    message = refusal(path).message
    assert "data row 11 has 600 characters in 'id'" in message
    assert len(message) < 400


# The index of pandas


def frame(rows: int = 120) -> pd.DataFrame:
    chance = np.random.default_rng(0)
    return pd.DataFrame({"a": chance.normal(size=rows), "label": np.arange(rows) // (rows // 2)})


@pytest.mark.parametrize("shuffled", [False, True])
def test_the_index_of_a_frame_is_never_learned_from(tmp_path: Path, shuffled: bool) -> None:
    """A shuffled frame that was sorted by class keeps the order in its index: it tells the class of pure noise."""
    made = frame().sample(frac=1, random_state=1) if shuffled else frame().set_index(np.arange(120) ** 2)
    made.to_parquet(tmp_path / "x.parquet")
    samples = loaded(tmp_path / "x.parquet")
    assert names(samples) == ["a"]
    assert "'__index_level_0__'" in findings(tmp_path / "x.parquet")["columns_index"]


def test_a_named_index_is_one_too_unless_it_has_a_role(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    frame().assign(visit=[500 + n + n // 60 for n in range(120)]).set_index("visit").to_parquet(path)
    assert names(loaded(path)) == ["a"]
    assert names(loaded(path, use_columns=["visit"])) == ["a", "visit"]
    frame().assign(id=[f"p{n}" for n in range(120)]).set_index("id").to_parquet(path)
    assert loaded(path).sample_ids[:2] == ["p0", "p1"]


@pytest.mark.parametrize(
    "written",
    [b"", b"{", b"[]", b'{"index_columns": 5}', b'{"index_columns": [{"kind": "range"}, 3, null]}', b"[" * 99_999],
)
def test_metadata_that_are_not_as_pandas_writes_them(tmp_path: Path, written: bytes) -> None:
    table = pa.table({"a": cycled([1.5, 2, 7]), "label": LABELS}).replace_schema_metadata({"pandas": written})
    pq.write_table(table, tmp_path / "x.parquet", store_schema=False)
    assert names(loaded(tmp_path / "x.parquet")) == ["a"]


def test_names_that_come_twice(tmp_path: Path) -> None:
    table = pa.table([cycled([1, 2]), cycled([3, 4]), pa.array(LABELS)], names=["a", "a ", "label"])
    pq.write_table(table, tmp_path / "x.parquet")
    assert "several columns called a" in refusal(tmp_path / "x.parquet").message


# Files that are none, or too large


@pytest.mark.parametrize("damage", ["tail", "middle", "footer", "empty"])
def test_damaged_files(tmp_path: Path, damage: str) -> None:
    path = write(tmp_path / "x.parquet", {"a": np.random.default_rng(0).normal(size=5_000), "label": [0, 1] * 2_500})
    whole = path.read_bytes()
    footer = int.from_bytes(whole[-8:-4], "little")
    path.write_bytes(
        {
            "tail": whole[:-100],
            "middle": whole[:1_000] + b"\xff" * 4_000 + whole[5_000:],
            "footer": whole[: -footer - 8] + b"\x15" * footer + whole[-8:],
            "empty": b"",
        }[damage]
    )
    try:
        found = loaded(path)
    except SourceError as error:
        assert error.message == "x.parquet is not a readable Parquet file; save it again."  # noqa: PT017
    else:
        assert damage == "middle"  # plain numbers have no checksum
        assert len(found.labels) == 5_000


def test_a_text_that_comes_a_million_times_takes_its_memory_once(tmp_path: Path) -> None:
    """Written once in the file, it would take a terabyte if each cell had its own."""
    text = pa.array(["x" * 1_000_000, "y"])
    indices = pa.array(np.arange(1_000_000) % 2, pa.int32())
    path = tmp_path / "x.parquet"
    columns = {
        "a": pa.DictionaryArray.from_arrays(indices, text),
        "b": np.arange(1_000_000) % 7,
        "label": np.arange(1_000_000) % 2,
    }
    pq.write_table(pa.table(columns), path)
    assert path.stat().st_size < 5_000_000
    before = pa.default_memory_pool().max_memory()
    table = opening.open_table(LoneFile(path), path.name)
    assert [len(cell) for cell in table.texts("a")[:2]] == [1_000_000, 1]
    [(_, found)] = table.typed(["a"])
    assert found.kind == "categories"
    assert pa.default_memory_pool().max_memory() - before < 200 * 2**20


def test_many_columns_are_looked_at_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {f"c{number}": cycled([f"v{number}", "w"]) for number in range(200)}
    path = write(tmp_path / "x.parquet", {**columns, "label": LABELS})
    opened: list[str] = []

    class Counted(LoneFile):
        def open(self, name: str) -> BinaryIO:
            opened.append(name)
            return super().open(name)

    table = opening.open_table(Counted(path), path.name)
    assert [table.first(name, 3) for name in columns] == [[f"v{n}", "w", f"v{n}"] for n in range(200)]
    assert [table.first(name, 3) for name in reversed(columns)][-1] == ["v0", "w", "v0"]
    assert len(opened) == 1 + -(-200 // parquet.LOOKED_AT)
    assert table.first("c7", 1) == ["v7"]


def test_a_damaged_column_spoils_no_look_at_its_neighbours(tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", {"a": cycled(["u", "v"]), "b": cycled(["x" * 99, "y"]), "label": LABELS})
    chunk = pq.read_metadata(path).row_group(0).column(1)
    damaged = bytearray(path.read_bytes())
    start = chunk.dictionary_page_offset
    damaged[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    path.write_bytes(bytes(damaged))
    table = opening.open_table(LoneFile(path), path.name)
    assert table.first("a", 2) == ["u", "v"]
    with pytest.raises(SourceError, match="not a readable Parquet file"):
        table.first("b", 2)


def test_a_table_without_rows_has_no_first_cells(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": pa.array([], pa.string()), "b": pa.array([], pa.int64())}), tmp_path / "x.parquet")
    table = opening.open_table(LoneFile(tmp_path / "x.parquet"), "x.parquet")
    assert [table.first(name, 5) for name in ("a", "b")] == [[], []]


def test_declared_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x.parquet", {"a": cycled(["x" * 999, "y"]), "b": cycled([1, 2, 3]), "label": LABELS})
    monkeypatch.setattr(parquet, "MAX_BYTES", 1_000)
    assert "unpacks to more than" in refusal(path).message
    assert names(loaded(path, ignore_columns=["a"])) == ["b"]
    monkeypatch.setattr(table_limits, "MAX_CELLS", 59)
    assert "more than 59 cells: 60 rows of 1 columns" in refusal(path, ignore_columns=["a"]).message


def test_columns_are_read_some_at_a_time(tmp_path: Path) -> None:
    """Those of a long table one by one, so that none but the matrix is held; all of them are there."""
    chance = np.random.default_rng(0)
    values = {f"f{at}": chance.normal(size=300_000) for at in range(9)}
    path = write(tmp_path / "x.parquet", {**values, "label": chance.integers(0, 2, 300_000)})
    assert 1 < parquet.CELLS_AT_ONCE // 300_000 < 9
    samples = loaded(path)
    assert names(samples) == list(values)
    np.testing.assert_array_equal(samples.inputs.numpy().T, np.array(list(values.values())))
    assert [facts.values for facts in samples.columns] == [len(np.unique(part)) for part in values.values()]
