"""What a column holds, by its cells, and which cell is told."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from experiments.training.data.tables.contents import cells, column_types, number_forms
from experiments.training.data.tables.contents.number_forms import Decimal
from experiments.training.data.tables.contents.typed_column import Column
from tests.experiments.training.data.tables.tables_on_disk import findings, kinds, lines, loaded, names, write

NAN = float("nan")


def typed(texts: Sequence[str | None], decimal: Decimal = "point") -> Column:
    return column_types.of_column(pa.chunked_array([pa.array(texts, pa.string())]), decimal)


def numbers(texts: Sequence[str | None], decimal: Decimal = "point") -> list[float]:
    found = typed(texts, decimal)
    assert found.kind == "numbers"
    assert found.values is not None
    values: list[float] = found.values.tolist()
    return values


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1", "-2.5", "+3", ".5", "4.", "1e3", "2E-2", "-0"], [1, -2.5, 3, 0.5, 4, 1000, 0.02, 0]),
        (["0,126", "-1,5", "3", ",5", "1,2e3"], [0.126, -1.5, 3, 0.5, 1200]),
        (["1,234.5", "12", "1,234,567", "-2,000"], [1234.5, 12, 1_234_567, -2000]),
        (["1.234,5", "12", "1.234.567", "-2.000,25"], [1234.5, 12, 1_234_567, -2000.25]),
        (["1 234,5", "12", "1\u202f234\u202f567"], [1234.5, 12, 1_234_567]),
        (["1\u00a0234.5", "12"], [1234.5, 12]),
        (["1'234.5", "12", "1’234"], [1234.5, 12, 1234]),
        (["−1.5", "2"], [-1.5, 2]),
        ([" 1", "2 ", "\u00a03"], [1, 2, 3]),
        (["0.1", "0.25", "00.5"], [0.1, 0.25, 0.5]),
    ],
)
def test_numbers_in_all_forms(texts: list[str], expected: list[float]) -> None:
    assert numbers(texts) == expected


@pytest.mark.parametrize(
    "texts",
    [
        ["1_1", "11", "1_2"],  # Python's float makes 11 of the first
        ["0x10", "1"],
        ["007", "7", "12"],
        ["1,5", "2.5"],
        ["12,34,56", "1"],
        ["1.2.3", "1"],
        ["1e", "2"],
        ["٣", "١"],
        ["１", "２"],
        ["1 2", "3"],
        ["5 mg", "6 mg"],
        ["5%", "6%"],
        ["<0.5", "1"],
        ["1/2", "3/4"],
        ["yes", "no"],
        ["true", "false"],
        ["1d", "2f"],
        ["nan(x)", "1"],
    ],
)
def test_what_only_looks_like_numbers_stays_text(texts: list[str]) -> None:
    found = typed(texts)
    assert found.kind == "categories"
    assert found.texts is not None
    assert found.codes is not None
    assert [found.texts.to_pylist()[code] for code in found.codes] == [text.strip() for text in texts]
    assert found.texts.to_pylist() == sorted(texts)


@pytest.mark.parametrize("decimal", ["point", "comma", "likely comma"])
def test_where_thousands_and_decimals_look_alike_the_file_decides(decimal: Decimal) -> None:
    assert numbers(["1,234", "5,678"], decimal) == ([1234, 5678] if decimal == "point" else [1.234, 5.678])
    assert numbers(["1.234", "5.678"], decimal) == ([1234, 5678] if decimal == "comma" else [1.234, 5.678])
    assert numbers(["0,234", "5,678"], decimal) == [0.234, 5.678]
    assert numbers(["0.234", "5.678"], decimal) == [0.234, 5.678]
    assert numbers(["1,234.5", "5,678"], decimal) == [1234.5, 5678]
    assert [remark.reason for remark in typed(["1,234"], decimal).remarks] == ["open_form"]


def test_random_numbers_are_read_bit_by_bit_as_python_does() -> None:
    chance = random.Random(0)
    values = [chance.uniform(-1, 1) * 10 ** chance.randint(-30, 30) for _ in range(3_000)]
    texts = [repr(value) for value in values]
    assert numbers(texts) == values
    assert numbers([text.replace(".", ",") for text in texts]) == values
    assert numbers([f"{value:.17g}" for value in values]) == values


@pytest.mark.parametrize("count", [40, 2_000])  # few texts are looked at one by one, many together
@pytest.mark.parametrize(
    ("thousands", "decimal"), [(",", "."), (".", ","), (" ", ","), ("\u202f", ","), ("'", "."), ("", ",")]
)
def test_random_amounts_in_the_forms_of_all_countries(count: int, thousands: str, decimal: str) -> None:
    chance = random.Random(1)
    values = [round(chance.uniform(-1, 1) * 10 ** chance.randint(0, 9), 2) for _ in range(count)] + [1_234_567.25]
    texts = [f"{value:,.2f}".translate({ord(","): thousands, ord("."): decimal}) for value in values]
    assert numbers(texts, "comma" if decimal == "," else "point") == values


# Missing values


@pytest.mark.parametrize(
    "word", ["", ".", "?", "NA", "n/a", "#N/A", "NaN", "nan", "NULL", "None", "<NA>", "#DIV/0!", "\\N", "-1.#IND"]
)
def test_words_for_missing_values_count_as_such_among_numbers_and_texts(word: str) -> None:
    among_numbers = typed(["1", word, "3", word])
    assert among_numbers.kind == "numbers"
    assert among_numbers.missing == 2
    among_texts = typed(["a", word, "b"])
    assert among_texts.texts is not None
    assert (among_texts.texts.to_pylist(), among_texts.missing) == (["", "a", "b"], 1)
    told = [(remark.reason, remark.cell, remark.row, remark.count) for remark in among_numbers.remarks]
    assert told == ([("missing", word, 1, 2)] if word else [])


@pytest.mark.parametrize("word", ["-", "--", "–", "unknown", "Unknown", "missing", "not done", "nd", "*"])
def test_words_that_may_be_a_category_are_missing_among_numbers_alone(word: str) -> None:
    assert typed(["1", word, "3"]).missing == 1
    found = typed(["+", word, "++"])
    assert (found.kind, found.missing) == ("categories", 0)
    assert found.texts is not None
    assert word in found.texts.to_pylist()


def test_infinite_numbers_are_missing_and_told() -> None:
    found = typed(["1", "inf", "-Infinity", "1e999"])
    assert found.missing == 3
    assert [(remark.reason, remark.count, remark.row) for remark in found.remarks] == [("infinite", 3, 1)]


def test_nulls_and_nothing_at_all() -> None:
    assert typed([None, None]).missing == 2
    assert typed([]).kind == "numbers"
    found = typed(["a", None, ""])
    assert found.codes is not None
    assert (found.missing, found.codes.tolist()) == (2, [1, 0, 0])


@pytest.mark.parametrize(
    "cell",
    [
        *("2024-01-31", "31.01.2024", "1/31/2024", "31/01/24", "2024-01-31 10:20", "2024-01-31T10:20:30.5Z"),
        *("31-Jan-2024", "31 January 2024", "Jan 31, 2024", "2024/1/31", "2024-01", "10:20", "10:20:30 PM"),
    ],
)
def test_dates_and_times_are_left_out(cell: str) -> None:
    found = typed([cell, "", cell])
    assert (found.kind, found.missing) == ("left out", 1)
    assert [(remark.reason, remark.cell) for remark in found.remarks] == [("dates", cell)]
    assert typed([cell, "on leave"]).kind == "categories"


# Texts that are nothing to learn from


@pytest.mark.parametrize("cell", ["20240131", "1.2", "12-3-4-5", "31.13", "1/2", "may", "10:2"])
def test_what_only_looks_like_a_date(cell: str) -> None:
    assert typed([cell, cell]).kind != "left out"


@pytest.mark.parametrize(
    "cell",
    [" ".join(map(str, range(16))), ",".join(["0.5"] * 30), f"[{'; '.join(['1e-3'] * 20)}]", "1, -2 " + "3 " * 20],
)
def test_pictures_and_curves_in_a_cell(cell: str) -> None:
    assert [remark.reason for remark in typed([cell, "", cell]).remarks] == ["pixels"]


def test_a_few_numbers_in_a_cell_are_no_picture() -> None:
    assert not any(remark.reason == "pixels" for remark in typed(["1 2 3", "4 5 6"]).remarks)
    assert typed(["A01.1; B02; C03 " * 8, "B02"]).kind == "categories"


def test_texts_that_match_nothing_take_no_time() -> None:
    """Patterns with two ways to read a digit would take longer than the sun burns."""
    for cell in ("1" * 5_000 + "x", "1 " * 3_000 + "x", "9" * 300 + "," + "9" * 300 + "!", "1.1" * 2_000, "-" * 9_000):
        for count in (1, 600):
            assert typed([f"{cell}{number}" for number in range(count)]).values is None


def test_more_than_a_hundred_different_texts() -> None:
    names = [f"name {number}" for number in range(101)]
    assert [(r.reason, r.words, r.cell) for r in typed(names).remarks] == [("too_many", "101", "name 0")]
    assert typed(names[:100]).kind == "categories"
    assert typed([*names[:100], ""]).kind == "left out"  # a missing one is a category, too


# A cell that costs a column its numbers is told


def test_the_cell_that_keeps_a_column_from_being_numbers(tmp_path: Path) -> None:
    rows = [f"{'<0.5' if row == 7 else f'{row / 7:.3f}'},{row % 9},{row % 2}" for row in range(240)]
    path = write(tmp_path / "x.csv", lines("crp,age,label", rows))
    assert kinds(path) == {"crp": "left out", "age": "numbers"}
    assert findings(path)["columns_mostly_numbers"] == (
        "Columns of numbers that could not be read as such: 'crp' (left out: '<0.5' in data row 8 among 239 numbers). "
        "Correct these cells, or leave them blank where the value is missing."
    )


def test_what_each_column_became_is_told_with_a_cell(tmp_path: Path) -> None:
    header = "dose;level;price;ward;visit;name;size;sex;label"
    rows = [
        f"{row % 5 + 1} mg;{('.', '1,5', '2,25')[row % 3]};1.{row:03d},5;0{row % 7};{row % 28 + 1}.1.2024;Ms {row};"
        f"{('inf', '1', '2')[row % 3]};{('f', 'm', 'NA')[row % 3]};{row % 2}"
        for row in range(150)
    ]
    path = write(tmp_path / "x.csv", lines(header, rows))
    told = findings(path)
    assert "'dose' (read as categories: '1 mg' in data row 1 and 149 more)" in told["columns_units"]
    assert "'level' (50 of 150, '.' in data row 1), 'sex' (50 of 150, 'NA' in data row 3)" in told["columns_missing"]
    assert "'level' (a decimal comma: '1,5' in data row 2 is read as 1.5)" in told["columns_number_form"]
    assert "'1.000,5' in data row 1 is read as 1000.5" in told["columns_number_form"]
    assert "'ward' ('00' in data row 1 and 149 more)" in told["columns_codes"]
    assert "'visit' ('1.1.2024' in data row 1)" in told["columns_dates"]
    assert "'name' (150, 'Ms 0' in data row 1)" in told["columns_too_many"]
    assert "'size' (50 of 150, 'inf' in data row 1)" in told["columns_infinite"]
    assert kinds(path) == {
        **dict.fromkeys(("level", "price", "size"), "numbers"),
        **dict.fromkeys(("dose", "ward", "sex"), "categories"),
        **dict.fromkeys(("visit", "name"), "left out"),
    }


def test_a_form_that_another_column_decided_is_a_warning(tmp_path: Path) -> None:
    rows = [f"{row % 9},5;1.{100 + row};{row % 2}" for row in range(60)]
    found = loaded(write(tmp_path / "x.csv", lines("a;b;label", rows)))
    assert found.inputs[:3, 1].tolist() == [1100, 1101, 1102]
    [warning] = [finding for finding in found.reading.findings if finding.code == "columns_open_form"]
    assert warning.level == "warning"
    assert "'1.100' in data row 1 is read as 1100.0" in warning.text


def test_codes_that_python_reads_as_one_number_stay_two_categories(tmp_path: Path) -> None:
    rows = [f"{('1_1', '11', '1_2')[row % 3]},{row % 5},{row % 2}" for row in range(60)]
    assert names(loaded(write(tmp_path / "x.csv", lines("code,a,label", rows)))) == [
        *("code=11", "code=1_1", "code=1_2", "a")
    ]


def test_long_and_short_columns_are_typed_alike() -> None:
    """Many short columns are looked at together, a long one by its cells as a whole, any other by its texts."""
    columns = [
        ["1", "2", ""],
        ["1.5", "nan", "2"],
        ["007", "7", "8"],
        ["0", "00", "1"],
        ["a", "b", ""],
        ["1,5", "2", "3"],
        ["inf", "1", "2"],
        ["", "", ""],
        [" 4", "5 ", "6"],
        ["0.5", "1", "-0.25"],
    ]
    arrays = [pa.chunked_array([pa.array(texts, pa.string())]) for texts in columns]
    for together, array in zip(column_types.of_columns(arrays, "point"), arrays, strict=True):
        alone = column_types.of_column(array, "point")
        encoded = column_types.of_column(array.dictionary_encode(), "point")
        for other in (alone, encoded):
            assert (together.kind, together.missing) == (other.kind, other.missing)
            assert list(together.remarks) == list(other.remarks)
            np.testing.assert_array_equal(np.asarray(together.values, float), np.asarray(other.values, float))


def test_the_words_are_written_in_lower_case() -> None:
    assert {word.lower() for word in cells.MISSING | cells.MISSING_AMONG_NUMBERS} == (
        cells.MISSING | cells.MISSING_AMONG_NUMBERS
    )
    assert not cells.MISSING & cells.MISSING_AMONG_NUMBERS
    assert all(number_forms.cast(pa.array([word])) is None for word in cells.MISSING_AMONG_NUMBERS)
