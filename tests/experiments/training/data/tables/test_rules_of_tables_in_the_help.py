"""The help lists the words and numbers by which tables are read, as the code has them."""

from __future__ import annotations

import re

from experiments.training.data.tables import index_columns, label_table, target_copies
from experiments.training.data.tables.contents import cells, column_types, text_columns
from tests.documentation import code, rows, section

PAGE = "how-to/how-your-data-are-read"


def text(title: str) -> str:
    """Return a section with its lines joined."""
    return " ".join(section(PAGE, title, level=3).split())


def listed() -> list[list[str]]:
    return rows(section(PAGE, "What a column holds", level=3))


def test_words_for_missing_values() -> None:
    found = {row[0]: set(code(row[1])) for row in listed()}
    assert found["in every column"] == cells.MISSING - {""}
    assert found["among numbers; a category among texts"] == cells.MISSING_AMONG_NUMBERS


def test_what_becomes_of_the_cells_that_are_named() -> None:
    for row in listed():
        kind = {"numbers": "numbers", "numbers with": "numbers", "codes": "categories", "texts": "categories"}
        expected = next((kind for words, kind in kind.items() if row[1].startswith(words)), None)
        if expected:
            assert {column_types.of_cells([cell, cell]).kind for cell in code(row[0])} == {expected}


def test_numbers() -> None:
    said = text("What a column holds")
    assert f"up to {cells.MAX_CATEGORIES} different texts" in said
    assert f"{text_columns.PIXELS_FROM} or more numbers in each cell" in said
    said = text("Row numbers, and copies of the target")
    assert f"at most {index_columns.SPARSE} times as far apart" in said
    assert f"more than {index_columns.ORDERED_FROM - 1} rows" in said
    assert f"at most {target_copies.BLOCKS:.0%} of the changes".replace("%", " %") in said
    assert f"at most {target_copies.WRONG:.0%} of what".replace("%", " %") in said
    assert f"each value has {target_copies.ROWS_EACH} rows" in said
    assert f"AUROC of {target_copies.TELLING} or more" in said
    assert f"fewer than {target_copies.FEWEST_ROWS} rows" in said
    assert f"without {target_copies.FEWEST_OF_A_CLASS} rows of two classes" in said
    assert f"more than {target_copies.LOOKED_AT:,} rows of a class" in said
    assert f"at most {label_table.MAX_ID_LETTERS} characters" in text("From columns to numbers")


def test_names_of_row_numbers() -> None:
    said = text("Row numbers, and copies of the target")
    [written] = re.findall(r"those that programs call (.*?),? and those that pandas", said)
    assert all(map(index_columns.is_written, code(written)))
    [named] = re.findall(r"that people call (.*?) and the like", said)
    assert all(map(index_columns.is_named, code(named)))
    assert not any(map(index_columns.is_written, code(named)))
