"""Find out what a column of texts holds: numbers in some form, categories, or nothing to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from experiments.training.data.tables.contents import cells, number_forms, typed_column
from experiments.training.data.tables.contents.cells import MAX_CATEGORIES, MISSING, MISSING_AMONG_NUMBERS, Places
from experiments.training.data.tables.contents.number_forms import FORMS, PLAIN, Decimal, Form, Found
from experiments.training.data.tables.contents.typed_column import Column, Reason, Remark

LOOKED_AT = 1_000  # cells by which a column of plain numbers is recognised
PIXELS_FROM = 16  # numbers in one cell, which are a picture or a curve rather than a value
MOSTLY = 0.5  # of the known cells: a column of so many numbers was meant as one
_NUMBER = r"[+\-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+\-]?[0-9]+)?"
_PIXELS = rf"[\[(]?\s*{_NUMBER}(?:[\s,;]+{_NUMBER}){{{PIXELS_FROM - 1},}}\s*[\])]?"
_MEASURED = rf"(?:[<>≤≥~]=?\s*)?{_NUMBER}(?:,[0-9]+)?\s*(?:%|\s[^0-9\s].{{0,20}})?"
_INFINITE = r"(?i)[+\-]?inf(?:inity)?"
_WHOLE, _LEADING_ZERO = r"[+\-]?[0-9]+", r"0[0-9]+"
_LETTERED = "[0-9]+E[0-9]+"  # codes of plates and wells; programs write the sign or the point of 1E+05 and 1.0E5
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_TIME = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:\s*[ap]m)?(?:\s*(?:z|[+\-][0-9]{2}:?[0-9]{2}))?"
_DAY = (
    r"[0-9]{4}[\-/.][0-9]{1,2}[\-/.][0-9]{1,2}|[0-9]{1,2}[\-/.][0-9]{1,2}[\-/.][0-9]{4}"
    r"|[0-9]{1,2}[/\-][0-9]{1,2}[/\-][0-9]{2}|[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2}"
    rf"|[0-9]{{1,2}}[\-\s.]+{_MONTH}[\-\s.]+[0-9]{{2,4}}|{_MONTH}\s+[0-9]{{1,2}},?\s+[0-9]{{4}}|[0-9]{{4}}-[0-9]{{1,2}}"
)
_DATE = rf"(?i)(?:(?:{_DAY})(?:[t\s]\s*{_TIME})?|{_TIME})"


def typed(column: Any, decimal: Decimal) -> Column:
    """Type a column of texts; `decimal` is the sign that its numbers use where the column leaves it open."""
    few = pa.types.is_dictionary(column.type) or decimal == "comma"
    return (None if few else _plain(column)) or _Texts(*cells.factorized(column), decimal).typed()


def plain_numbers(columns: Sequence[Any]) -> list[Column | None]:
    """Type those of several columns of one length that hold plain numbers and blanks alone; None for the others."""
    if not columns:
        return []
    texts = pc.utf8_trim_whitespace(pa.concat_arrays([chunk for column in columns for chunk in column.chunks]))
    blank = pc.equal(texts, "")
    codes = pc.and_(pc.starts_with(texts, "0"), cells.matching(texts, f"(?:{_LEADING_ZERO})?"))
    plain = pc.and_not(pc.or_(blank, cells.matching(texts, PLAIN.pattern)), codes)
    fits = plain.to_numpy(zero_copy_only=False).reshape(len(columns), -1).all(axis=1)
    rows = len(texts) // len(columns)
    for at in _perhaps_lettered(texts, fits, rows):
        fits[at] = not _are_lettered(texts[at * rows : (at + 1) * rows])
    kept = np.repeat(fits, rows)
    found = iter(
        PLAIN.numbers(pc.if_else(blank, None, texts).filter(kept)).reshape(fits.sum(), -1) if fits.any() else ()
    )
    return [typed_column.of_numbers(next(found)) if fit else None for fit in fits]


def _perhaps_lettered(texts: Any, fits: Places, rows: int) -> NDArray[np.intp]:
    """Return which of the fitting columns, of so many rows each, begin with a blank or with a code such as 1E5."""
    if not rows:
        return np.zeros(0, np.intp)
    first = texts.take(np.arange(len(fits)) * rows)
    return np.flatnonzero(fits & cells.matching(first, f"(?:{_LETTERED})?"))


def _are_lettered(texts: Any) -> bool:
    """Return whether all texts but blanks, at least one, are codes such as 1E5."""
    return bool(cells.matching(texts, f"(?:{_LETTERED})?").all()) and not pc.all(pc.equal(texts, "")).as_py()


def _plain(column: Any) -> Column | None:
    """Type a column of plain numbers and blanks alone, which is quick; None for any other."""
    if _cast(column[:LOOKED_AT]) is None or (values := _cast(column)) is None:
        return None
    gaps = np.isnan(values)
    if gaps.any() and column.null_count + _blank(column) < gaps.sum():
        return None  # some are spelled
    codes = _are_codes(column, values[~gaps]) or (
        _are_lettered(_bare(column[:LOOKED_AT])) and _are_lettered(_bare(column))
    )
    return None if codes else typed_column.of_numbers(values)


def _blank(column: Any) -> int:
    """Count the cells of nothing but blanks."""
    return pc.sum(pc.equal(pc.utf8_trim_whitespace(column), "")).as_py() or 0  # None where all cells are null


def _cast(column: Any) -> NDArray[np.float64] | None:
    bare = _bare(column)
    return number_forms.cast(pc.if_else(pc.equal(bare, ""), None, bare))


def _bare(column: Any) -> Any:
    """Return the cells without blanks around them; blank where there is no value."""
    return pc.fill_null(pc.utf8_trim_whitespace(column), "")


def _are_codes(texts: Any, known: NDArray[np.float64]) -> bool:
    """Return whether whole numbers have leading zeros: `007` and `7` are two codes, and one number."""
    if not len(known) or not np.isfinite(known).all() or (known != np.floor(known)).any():
        return False
    first = pc.and_(pc.starts_with(texts, "0"), pc.greater(pc.binary_length(texts), 1))
    if not pc.any(first).as_py():
        return False
    digits = cells.matching(pc.drop_null(texts), f"(?:{_WHOLE})?")
    return bool(digits.all()) and bool(cells.matching(pc.drop_null(pc.filter(texts, first)), _LEADING_ZERO).any())


class _Texts:
    """A column of texts, looked at by its different texts: most columns have few.

    `codes` are the place of each cell's text among them, -1 where a cell has none.
    """

    def __init__(self, codes: cells.Codes, texts: Any, decimal: Decimal) -> None:
        self._codes, self._texts, self._decimal = codes, texts, decimal
        self._counts = np.bincount(codes + 1, minlength=len(texts) + 1)[1:]
        self._absent = cells.among(texts, MISSING)
        self._unknown = cells.among(texts, MISSING_AMONG_NUMBERS) & ~self._absent
        self._spelled = self._absent & ~cells.among(texts, frozenset({""}))

    def typed(self) -> Column:
        """Type the column: as numbers if it has no other texts."""
        infinite = self._matching(_INFINITE)
        numbers = ~(self._absent | self._unknown | infinite)
        known = self._texts.filter(numbers)
        if not len(known):
            return self._as_texts() if self._unknown.any() else self._as_numbers(PLAIN, numbers, infinite)
        found = number_forms.find(known, self._decimal)
        if found is None:
            return self._as_texts(self._mostly_numbers(numbers))
        if found.form is PLAIN and cells.matching(known, _LETTERED).all():
            return self._as_texts(self._remark("lettered", self._matching(_LETTERED)))
        if found.form is PLAIN and _are_codes(known, PLAIN.numbers(known)):
            return self._as_texts(self._remark("codes", self._matching(_LEADING_ZERO)))
        return self._as_numbers(found.form, numbers, infinite, self._form_of(found, numbers))

    def _as_numbers(self, form: Form, numbers: Places, infinite: Places, remarks: Sequence[Remark] = ()) -> Column:
        read = np.full(len(self._texts) + 1, np.nan)  # the last is that of cells without a text
        read[:-1][numbers] = form.numbers(self._texts.filter(numbers))
        read[:-1][infinite] = np.inf
        spelled = self._remark("missing", self._spelled | self._unknown)
        return typed_column.of_numbers(read[self._codes], [*remarks, *spelled])

    def _as_texts(self, remarks: Sequence[Remark] = ()) -> Column:
        known = np.flatnonzero(~self._absent)
        gaps = int(self._cells(self._absent) + (self._codes < 0).sum())
        useless = self._useless(known, too_many=len(known) + bool(gaps) > MAX_CATEGORIES)
        if not useless:
            known = known[pc.sort_indices(self._texts.take(known)).to_numpy()]
        codes, texts = self._renumbered(known, gaps=gaps)
        as_texts = not useless or useless[0].reason == "too_many"  # dates are told as such alone
        return Column(
            "left out" if useless else "categories",
            gaps,
            codes=codes,
            texts=texts,
            remarks=[*useless, *(remarks if as_texts else []), *self._remark("missing", self._spelled)],
        )

    def _renumbered(self, known: cells.Codes, *, gaps: int) -> tuple[cells.Codes, Any]:
        """Give numbers to the known texts in their order, after a blank one for the gaps if there are any."""
        number_of = np.zeros(len(self._texts) + 1, np.intp)
        number_of[known] = np.arange(len(known)) + bool(gaps)
        texts = self._texts.take(known)
        return number_of[self._codes], pa.concat_arrays([pa.array([""], texts.type), texts]) if gaps else texts

    def _useless(self, known: cells.Codes, *, too_many: bool) -> list[Remark]:
        """Say why nothing is learned from the texts; empty if they can be categories."""
        texts = self._texts.take(known)
        first = texts[:LOOKED_AT]
        if cells.matching(first, _PIXELS).all():
            numbers = len(texts[0].as_py().replace(",", " ").split())
            return self._remark("pixels", ~self._absent, words=f"{numbers:,}")
        if cells.matching(first, _DATE).all() and cells.matching(texts, _DATE).all():
            return self._remark("dates", ~self._absent)
        return self._remark("too_many", ~self._absent, words=f"{len(known):,}") if too_many else []

    def _mostly_numbers(self, candidates: Places) -> list[Remark]:
        """Name the cell that keeps a column from being numbers, where most cells are some or have a unit."""
        enough = MOSTLY * self._cells(candidates)
        best = max((candidates & self._matching(form.pattern) for form in FORMS), key=self._cells)
        if self._cells(best) > enough:
            return self._remark("mostly_numbers", candidates & ~best, words=f"{self._cells(best):,}")
        measured = candidates & self._matching(_MEASURED)
        return self._remark("units", measured & ~best) if self._cells(measured) > enough else []

    def _form_of(self, found: Found, numbers: Places) -> list[Remark]:
        """Say how numbers are written that have another form than everywhere."""
        if found.form is PLAIN:
            return []
        signs = numbers & ~self._matching(_WHOLE)
        told = self._remark("open_form" if found.open else "number_form", signs, words=found.form.words)
        return [replace(remark, number=float(found.form.numbers(pa.array([remark.cell]))[0])) for remark in told]

    def _matching(self, pattern: str) -> Places:
        return cells.matching(self._texts, pattern)

    def _cells(self, places: Places) -> int:
        """Count the cells with these texts."""
        return int(self._counts[places].sum())

    def _remark(self, reason: Reason, places: Places, *, words: str = "") -> list[Remark]:
        """Count the cells with these texts and name the first; empty if there is none."""
        if not places.any():
            return []
        row = int(np.append(places, False)[self._codes].argmax())  # the last is that of cells without a text
        return [Remark(reason, self._cells(places), self._texts[self._codes[row]].as_py(), row, words=words)]
