"""CSV files as programs of all kinds write them, and files that are none."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.training.data.files.folders import LoneFile
from experiments.training.data.sources import SourceError, inspect
from experiments.training.data.splitting import split_files
from experiments.training.data.tables.formats import csv_files, encodings, opening, table_limits
from tests.experiments.training.data.tables.tables_on_disk import (
    column,
    findings,
    kinds,
    lines,
    loaded,
    names,
    reading,
    refusal,
    write,
)
from tests.experiments.training.datasets import config_of, with_csv, zipped

ROWS = [(f"{number * 7 % 30}", "mf"[number // 2 % 2], f"{number % 2}") for number in range(60)]


def table(delimiter: str = ",", header: tuple[str, ...] = ("age", "sex", "label")) -> str:
    return lines(delimiter.join(header), [delimiter.join(row) for row in ROWS])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_what_separates_cells_is_found(tmp_path: Path, delimiter: str) -> None:
    path = write(tmp_path / "x.csv", table(delimiter))
    assert kinds(path) == {"age": "numbers", "sex": "categories"}
    assert column(path, "age") == [float(row[0]) for row in ROWS]


@pytest.mark.parametrize(
    "header",
    [
        "age, years;sex, m/f;label",
        '"age; years";sex;label',
        '"age ""in years""";sex;label',
        "age|years;sex|m,f,|,;label",
        '"age\nin years";sex;label',
        "\n \nage;sex;label",
    ],
)
def test_signs_in_the_names_of_columns_separate_nothing(tmp_path: Path, header: str) -> None:
    samples = loaded(write(tmp_path / "x.csv", lines(header, [";".join(row) for row in ROWS])))
    assert len(samples.columns) == 2
    assert samples.columns[0].name.startswith("age")
    assert len(samples.labels) == 60


def test_a_file_of_tabs_by_its_name(tmp_path: Path) -> None:
    """Commas, however many and regular, are in its cells."""
    rows = [f"{number},{number % 5},{number % 3}\t{number % 7}\t{number % 2}" for number in range(60)]
    path = write(tmp_path / "x.TSV", lines("a,b,c\tvalue\tlabel", rows))
    assert column(path, "value") == [float(number % 7) for number in range(60)]
    assert kinds(path) == {"a,b,c": "categories", "value": "numbers"}
    assert refusal(path.rename(tmp_path / "x.txt")).message == (
        "'x.txt' is neither a folder nor a .zip, .npz, .csv, .tsv or .parquet file; give one of these, or let the name "
        "end in .tsv if it is a table with tabs."
    )


def test_a_table_of_tabs_is_a_rival_like_any_other(tmp_path: Path) -> None:
    write(tmp_path / "x" / "a.tsv", table("\t"))
    assert column(tmp_path / "x", "age") == [float(row[0]) for row in ROWS]
    write(tmp_path / "x" / "b.csv", table())
    error = refusal(tmp_path / "x")
    assert (error.field, "several tables: a.tsv, b.csv" in error.message) == ("data.table", True)
    assert column(tmp_path / "x", "age", table="a.tsv") == [float(row[0]) for row in ROWS]


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "sep=; "])
def test_the_first_line_of_excel_names_the_delimiter(tmp_path: Path, first: str) -> None:
    path = write(tmp_path / "x.csv", f"{first}\r\n" + table(";").replace("\n", "\r\n"))
    assert kinds(path) == {"age": "numbers", "sex": "categories"}
    assert "semicolons between cells, as its first line says" in reading(path).why


def test_what_is_named_is_believed_even_where_another_sign_is_more_frequent(tmp_path: Path) -> None:
    rows = [f"{number},5|a,b,c,{'xy'[number % 3 % 2]}|{number % 2}" for number in range(40)]
    path = write(tmp_path / "x.csv", lines("sep=|\nsize|note, all of it|label", rows))
    assert kinds(path) == {"size": "numbers", "note, all of it": "categories"}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems(tmp_path: Path, end: str) -> None:
    path = write(tmp_path / "x.csv", table().replace("\n", end))
    assert column(path, "age") == [float(row[0]) for row in ROWS]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    rows = [f"{number};{('Größe', 'Übermaß')[number // 2 % 2]};{number % 2}" for number in range(40)]
    text = lines("Alter;Maß;label", rows)
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    (tmp_path / "x.csv").write_bytes(mark + text.encode(encoding))
    samples = loaded(tmp_path / "x.csv")
    assert names(samples) == ["Alter", "Maß=Größe", "Maß=Übermaß"]
    told = {finding.code: finding.text for finding in samples.reading.findings}
    assert ("table_encoding" in told) == (encoding == "cp1252")
    if encoding == "cp1252":
        assert "Windows-1252 (Western European), as in 'Alter;Maß;label'" in told["table_encoding"]


@pytest.mark.parametrize(
    ("encoding", "word"),
    [
        ("cp1252", "diagnóstico é à niño"),
        ("cp1252", "fièvre sévère"),
        ("cp1252", "5 µg/l ± 3 °C"),
        ("cp1252", "5 €"),
        ("cp1250", "mężczyzna płeć"),
        ("cp1251", "рак лёгкого"),
        ("cp1253", "γυναίκα άνδρας"),
        ("gb18030", "肺炎 正常"),
        ("cp1251", "НОРМА ДА"),
        ("cp932", "肺炎です 正常"),
        ("cp949", "폐렴 정상"),
        ("mac_roman", "fièvre être garçon élevé"),
    ],
)
def test_texts_of_other_encodings_are_guessed_and_told(tmp_path: Path, encoding: str, word: str) -> None:
    rows = [f"{number},{word if number % 3 else 'x'},{number % 2}" for number in range(60)]
    path = write(tmp_path / "x.csv", lines("a,b,label", rows), encoding)
    samples = loaded(path)
    assert f"b={word}" in names(samples)
    assert "is not UTF-8; it was read as" in next(
        f.text for f in samples.reading.findings if f.code == "table_encoding"
    )


def test_a_letter_beyond_ascii_far_behind_the_first_lines_is_read_too(tmp_path: Path) -> None:
    rows = [f"{number % 50},{'Müller' if number == 39_000 else 'Smith'},{number % 2}" for number in range(40_000)]
    path = write(tmp_path / "x.csv", lines("a,b,label", rows), "cp1252")
    assert path.stat().st_size > 2**18
    assert "b=Müller" in names(loaded(path))
    mixed = write(tmp_path / "mixed.csv", lines("ä,b,label", []))
    mixed.write_bytes(mixed.read_bytes() + path.read_bytes()[len("a,b,label\n") :])
    assert "UTF-8 text in its first line and not later on" in refusal(mixed).message
    marked = tmp_path / "marked.csv"
    marked.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert "begins as UTF-8 text and has other bytes later on" in refusal(marked).message


def test_long_lines_without_such_a_letter_cost_no_more_than_others(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", lines("a,b,label", [f"1,{'a' * 2**19},0", "2,Müller,1"]))
    before = time.process_time()
    with path.open("rb") as file:
        assert encodings.of_file(file, path.name, encodings.of_head(b"a,b,label", path.name)).codec == "utf-8"
    assert time.process_time() - before < 5


def test_zero_bytes_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(table().encode("utf-16-le"))
    assert "zero bytes" in refusal(tmp_path / "x.csv").message
    (tmp_path / "x.csv").write_bytes(table().encode() * 200 + b"1,m,\x000\n")
    assert "zero bytes" in refusal(tmp_path / "x.csv").message


# Rows that do not fit, on every path alike


def of_rows(root: Path, text: str) -> str:
    return refusal(write(root / "x.csv", text)).message


def of_a_zip(root: Path, text: str) -> str:
    write(root / "x" / "x.csv", text)
    return refusal(zipped(root / "x")).message


def of_tabs(root: Path, text: str) -> str:
    return refusal(write(root / "x.tsv", text.replace(",", "\t"))).message.replace("\\t", ",")


def of_labels(root: Path, text: str) -> str:
    write(with_csv(root / "x") / "labels.csv", text)
    return refusal(root / "x", id_column="age", target_column="label").message


def of_splits(root: Path, text: str) -> str:
    write(root / "split.csv", text.replace("age", "sample_id").replace("sex", "split"))
    index = opening.open_table(LoneFile(write(root / "y.csv", table())), "y.csv")
    assert index.rows == 60
    with pytest.raises(SourceError) as caught:
        inspect(config_of(with_csv(root / "x"), data={"split_file": "split.csv"}), [root])
    assert caught.value.field == split_files.FIELD
    return caught.value.message


EVERYWHERE = pytest.mark.parametrize("door", [of_rows, of_a_zip, of_tabs, of_labels, of_splits])


@EVERYWHERE
@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("3,1,m,0", "data row 4 has more cells (4) than there are columns (3): '3,1,m,0'; 1 of 4 rows do not fit."),
        ("3,m", "data row 4 has fewer cells (2) than there are columns (3): '3,m'; 1 of 4 rows do not fit."),
        ("3,m,0,,,", "data row 4 has more cells (6)"),
    ],
)
def test_rows_that_do_not_fit(tmp_path: Path, door: Callable[[Path, str], str], row: str, said: str) -> None:
    message = door(tmp_path, lines("age,sex,label", ["1,m,1", "\n2,f,0", "5,f,1", row]))
    assert said in message
    assert "into quotes" in message


@EVERYWHERE
def test_a_column_name_that_comes_twice(tmp_path: Path, door: Callable[[Path, str], str]) -> None:
    message = door(tmp_path, lines("age,sex,label,note,note", ["1,m,1,a,b", "2,f,0,a,b"]))
    assert "several columns called note; give each its own name" in message


@EVERYWHERE
def test_a_row_that_an_unquoted_line_end_breaks(tmp_path: Path, door: Callable[[Path, str], str]) -> None:
    message = door(tmp_path, lines("age,sex,label", ["1,m,1", "2,f", "emale,0"]))
    assert "data row 2 has fewer cells (2)" in message
    assert "2 of 3 rows do not fit" in message


def test_a_first_line_that_names_no_column_of_row_numbers(tmp_path: Path) -> None:
    """R's write.table gives the names of the columns, and above those of the rows nothing."""
    rows = [f"{number},{number * 7 % 30},{number % 2}" for number in range(1, 41)]
    message = of_rows(tmp_path, lines("age,label", rows))
    assert "data row 1 has more cells (3) than there are columns (2): '1,7,1'; 40 of 40 rows do not fit" in message
    assert "name a column of row numbers" in message


def test_a_title_above_the_header(tmp_path: Path) -> None:
    message = of_rows(tmp_path, "Export of 2024\n\n" + table(";"))
    assert "than there are columns (1)" in message
    assert "delete lines above it" in message


def test_lines_that_all_end_with_a_delimiter(tmp_path: Path) -> None:
    """Every line but the first, or the first too; a cell there that is not blank has no name, and is told."""
    rows = [",".join(row) + "," for row in ROWS]
    for header in ("age,sex,label", "age,sex,label,"):
        path = write(tmp_path / "x.csv", lines(header, rows))
        assert kinds(path) == {"age": "numbers", "sex": "categories"}
    assert "no name" in findings(path)["columns_unnamed"]
    path = write(tmp_path / "x.csv", lines("age,sex,label", [*rows, "1,m,0"]))
    assert "data row 61 has fewer cells (3)" in refusal(path).message


def test_rows_without_a_value_are_counted_and_left_out(tmp_path: Path) -> None:
    rows = [",".join(row) for row in ROWS]
    rows[2:2], rows[30:30] = [",,"], ["", " , ,", "  "]
    path = write(tmp_path / "x.csv", lines("age,sex,label", rows))
    found = reading(path).rows
    assert found is not None
    assert (found.total, found.used) == (63, 60)
    assert [(part.kind, part.count) for part in found.unused] == [("blank", 3)]
    rows[40] = "40,m,"
    message = refusal(write(tmp_path / "x.csv", lines("age,sex,label", rows))).message
    assert "label" in message


def test_cells_with_line_ends_quotes_and_delimiters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports have them, and where a large file is cut must not matter."""
    monkeypatch.setattr(csv_files, "BLOCK_BYTES", 1_000)
    rows = [f'{number},"line one, {number % 3}\n{number},""two"",1",{number % 2}' for number in range(600)]
    path = write(tmp_path / "x.csv", lines("a,report,label", rows))
    samples = loaded(path)
    assert len(samples.labels) == 600
    assert samples.classes == ["0", "1"]
    assert column(path, "a", use_columns=["a"]) == [float(number) for number in range(600)]
    opened = opening.open_table(LoneFile(path), "x.csv")
    assert opened.texts("report")[:4] == [f'line one, {n % 3}\n{n},"two",1' for n in range(4)]


def test_a_row_that_is_longer_than_what_is_parsed_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_files, "BLOCK_BYTES", 1_000)
    path = write(tmp_path / "x.csv", lines("a,label", ["1,0", f"{'7' * 3_000},1", "2,1"]))
    assert "is not a readable CSV file" in refusal(path).message
    assert "Arrow" not in refusal(path).message


def test_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", lines("a,b,label", ["1,2,0", '3,"4,1', *(f"{n},{n},{n % 2}" for n in range(9))]))
    message = refusal(path).message
    assert "data row 2 has fewer cells (2)" in message
    assert "into quotes" in message


LIMITS = """
import resource, sys, time
sys.path.insert(0, {root!r})
from pathlib import Path
from experiments.training.data.files.folders import LoneFile
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.tables.formats import csv_files, opening
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.process_time()
try:
    print(opening.open_table(LoneFile(Path({path!r})), "x.csv").rows)
except SourceError as error:
    print(error.message)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, time.process_time() - began)
"""


@pytest.mark.parametrize(
    "where", ["header", "first row", "later row", "quoted header", "one endless line", "one quote"]
)
def test_a_hostile_line_costs_little(tmp_path: Path, where: str) -> None:
    """Tens of millions of cells would take gigabytes if they were made."""
    many = b"," * 30_000_000
    content = {
        "header": b"a" + many + b",label\n1,0\n",
        "first row": b"a,label\n1" + many + b"\n1,0\n",
        "later row": b"a,label\n" + b"1,0\n2,1\n" * 100_000 + b"1" + many + b"\n",
        "quoted header": b'"' + many + b'",label\n1,0\n2,1\n',
        "one endless line": b"a" * 40_000_000,
        "one quote": b'a,label\n"' + b"1,0\n" * 10_000_000,
    }[where]
    (tmp_path / "x.csv").write_bytes(content)
    script = LIMITS.format(root=str(Path(__file__).parents[5]), path=str(tmp_path / "x.csv"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    said, used = done.stdout.strip().split("\n")
    mib, seconds = used.split()
    assert "x.csv" in said
    assert int(mib) < 400
    assert float(seconds) < 20


def test_time_does_not_grow_with_what_a_delimiter_is_looked_for_in(tmp_path: Path) -> None:
    nasty = "".join('a,b;c|d\te\'f""' for _ in range(4_000))
    for text in (f"{nasty}\n1\n", "\n".join([nasty[:600]] * 200), "\n".join(',;|\t"' * 3 for _ in range(5_000))):
        began = time.process_time()
        with contextlib.suppress(SourceError):
            opening.open_table(LoneFile(write(tmp_path / "x.csv", text)), "x.csv")
        assert time.process_time() - began < 10


def test_a_file_that_is_too_large_is_told_what_may_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x.csv", table())
    monkeypatch.setattr(csv_files, "MAX_CSV_BYTES", 100)
    assert "save it as Parquet, of which 10,000,000 rows of 3 columns can be read" in refusal(path).message
    monkeypatch.setattr(table_limits, "MAX_CELLS", 90)
    assert "has about 60 rows, and of 3 columns at most 30 rows can be read" in refusal(path).message


def test_only_what_was_asked_is_kept_of_a_file_that_is_read(tmp_path: Path) -> None:
    """Each cell of a table of a million cells costs bytes, not objects."""
    rows = [",".join(f"{(row * 31 + at) % 977 / 7:.4f}" for at in range(20)) + f",{row % 2}" for row in range(50_000)]
    path = write(tmp_path / "x.csv", lines(",".join([*(f"f{at}" for at in range(20)), "label"]), rows))
    script = LIMITS.format(root=str(Path(__file__).parents[5]), path=str(path))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("50000\n")
    assert int(done.stdout.split()[1]) < 120


def test_a_damaged_zip_is_told_as_such(tmp_path: Path) -> None:
    write(tmp_path / "x" / "x.csv", table() * 50)
    path = zipped(tmp_path / "x")
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 0xFF
    path.write_bytes(content)
    assert "cannot be read" in refusal(path).message or "broken" in refusal(path).message
