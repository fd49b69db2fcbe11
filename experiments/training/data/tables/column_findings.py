"""Tell in sentences how a table's columns were read, with the cells that decided it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from experiments.training.contract.reading import Finding, Level
from experiments.training.contract.source_errors import some
from experiments.training.data.tables.contents.cells import MAX_CATEGORIES
from experiments.training.data.tables.contents.typed_column import Reason, Remark

NAMED = 5  # columns in a sentence
NAME_LETTERS, CELL_LETTERS = 80, 40

Code: TypeAlias = (
    Reason | Literal["index", "ignored", "unnamed", "nested", "suspects_alone", "missing_code", "date_numbers"]
)


class _Sentence(NamedTuple):
    level: Level
    before: str
    after: str = ""


SENTENCES: dict[Code, _Sentence] = {
    "nested": _Sentence("warning", "Left out, as their cells are no plain values", "."),
    "mostly_numbers": _Sentence(
        "warning",
        "Columns of numbers that could not be read as such",
        ". Correct these cells, or leave them blank where the value is missing.",
    ),
    "missing_code": _Sentence(
        "warning",
        "Numbers that probably mean that a value is missing, and are learned from as they are",
        ". Leave these cells blank; if they are measured, name the columns in data.use_columns.",
    ),
    "open_form": _Sentence(
        "warning",
        "Numbers that can be read in two ways",
        ". If that is wrong, write them without signs between thousands and with a decimal point.",
    ),
    "index": _Sentence(
        "info",
        "Left out, as they number rows",
        ". Name in data.use_columns what is a measurement.",
    ),
    "unnamed": _Sentence("info", "Left out, as they have no name", "; give a name to what is to be learned from."),
    "ignored": _Sentence("info", "Left out, as data.ignore_columns says", "."),
    "dates": _Sentence(
        "info",
        "Left out, as their cells are dates or times",
        "; to learn from them, write numbers, such as an age or the days since an event.",
    ),
    "date_numbers": _Sentence(
        "info",
        "Left out, as their numbers are dates",
        "; to learn from them, write an age or the days since an event, or name them in data.use_columns.",
    ),
    "too_many": _Sentence("info", f"Left out, as they have more than {MAX_CATEGORIES} different texts", "."),
    "units": _Sentence(
        "info", "Cells with a unit or another sign are texts", "; to learn from the numbers, write them alone."
    ),
    "codes": _Sentence("info", "Whole numbers with leading zeros are codes, and were read as categories", "."),
    "lettered": _Sentence(
        "info",
        "Cells such as 1E5, all with an E and none with a sign or a point, are codes, and were read as texts",
        "; to learn from them as numbers, write 100000 or 1.0E5.",
    ),
    "number_form": _Sentence("info", "Numbers that have another form than 1234.5", "."),
    "missing": _Sentence("info", "Cells that count as missing values", "."),
    "infinite": _Sentence("info", "Infinite numbers count as missing values", "."),
    "suspects_alone": _Sentence(
        "warning",
        "The only columns to learn from may be an index, or the target in other words",
        ". Whatever is known only together with the target teaches nothing about further samples.",
    ),
}
"""How each reason is told, the most important first."""


@dataclass(frozen=True)
class Told:
    """A column and what is told of it; `number` is that of the remark's data row."""

    code: Code
    column: str
    words: str = ""


def of_remark(column: str, remark: Remark, number: int, rows: int, *, left_out: bool) -> Told:
    """Tell a remark about a column; `number` is that of its data row."""
    cell = f"{remark.cell[:CELL_LETTERS]!r} in data row {number}"
    more = f" and {remark.count - 1:,} more" if remark.count > 1 else ""
    becomes = "left out" if left_out else "read as categories"
    words = {
        "missing": f"{remark.count:,} of {rows:,}, {cell}",
        "infinite": f"{remark.count:,} of {rows:,}, {cell}",
        "mostly_numbers": f"{becomes}: {cell}{more} among {remark.words} numbers",
        "units": f"{becomes}: {cell}{more}",
        "codes": f"{cell}{more}",
        "lettered": f"{cell}{more}",
        "dates": f"{cell}" if remark.cell else f"{remark.count:,} of {rows:,}",
        "too_many": f"{remark.words}, {cell}",
        "number_form": f"{remark.words}: {cell} is read as {remark.number}",
        "open_form": f"{remark.words}: {cell} is read as {remark.number}",
    }
    return Told(remark.reason, column, words.get(remark.reason, cell))


def findings(told: Iterable[Told]) -> list[Finding]:
    """Make one sentence for each reason, which names the first few columns."""
    grouped: dict[Code, list[Told]] = defaultdict(list)
    for one in told:
        grouped[one.code].append(one)
    return [_finding(code, grouped[code]) for code in SENTENCES if code in grouped]


def _finding(code: Code, told: Sequence[Told]) -> Finding:
    level, before, after = SENTENCES[code]
    named = some([_named(one) for one in told], NAMED)
    return Finding(code=f"columns_{code}", level=level, text=f"{before}: {named}{after}")


def _named(told: Told) -> str:
    if not told.column:
        return told.words
    return f"{name(told.column)} ({told.words})" if told.words else name(told.column)


def name(column: str) -> str:
    """Quote a column's name, cut to what a sentence holds."""
    return repr(column if len(column) <= NAME_LETTERS else f"{column[:NAME_LETTERS]}…")
