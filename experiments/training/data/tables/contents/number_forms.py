"""The forms in which people and programs write numbers: decimal commas, signs between thousands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from experiments.training.data.tables.contents import cells

Decimal: TypeAlias = Literal["point", "comma", "likely comma"]
"""The decimal sign of a file: by its other columns, or likely by what separates its cells."""

_SIGN, _EXPONENT = "[+\\-\u2212]?", "(?:[eE][+-]?[0-9]+)?"
_BLANK = "[ '\u00a0\u2009\u202f\u2019]"
_IN_BLANKS = f"{_SIGN}(?:[1-9][0-9]{{0,2}}(?:{_BLANK}[0-9]{{3}})+|[0-9]+)"


@dataclass(frozen=True)
class Form:
    """A way to write numbers, as a pattern; `words` describe it, `between` matches what parts thousands."""

    words: str
    pattern: str
    between: str | None = None

    def fits(self, texts: Any) -> bool:
        """Return whether all texts are numbers of this form."""
        return bool(cells.matching(texts, self.pattern).all())

    def numbers(self, texts: Any) -> NDArray[np.float64]:
        """Read texts of this form."""
        plain = pc.replace_substring_regex(texts, self.between, "") if self.between else texts
        found = cast(pc.replace_substring(pc.replace_substring(plain, ",", "."), "\u2212", "-"))
        if found is None:
            raise ValueError(f"{self.words} does not fit {texts[:3]}")
        return found


PLAIN = Form("a decimal point", rf"{_SIGN}(?:[0-9]+\.?[0-9]*|\.[0-9]+){_EXPONENT}")
COMMA = Form("a decimal comma", f"{_SIGN}(?:[0-9]+(?:,[0-9]*)?|,[0-9]+){_EXPONENT}")
ENGLISH = Form("commas between thousands", rf"{_SIGN}(?:[1-9][0-9]{{0,2}}(?:,[0-9]{{3}})+|[0-9]+)(?:\.[0-9]*)?", ",")
GERMAN = Form(
    "a decimal comma and points between thousands",
    rf"{_SIGN}(?:[1-9][0-9]{{0,2}}(?:\.[0-9]{{3}})+|[0-9]+)(?:,[0-9]*)?",
    r"\.",
)
SPACED = Form("blanks between thousands", rf"{_IN_BLANKS}(?:\.[0-9]*)?", _BLANK)
FRENCH = Form("a decimal comma and blanks between thousands", f"{_IN_BLANKS}(?:,[0-9]*)?", _BLANK)
FORMS = (PLAIN, COMMA, ENGLISH, GERMAN, SPACED, FRENCH)


@dataclass(frozen=True)
class Found:
    """The form of a column's numbers; `open` says that another one fits too, with other numbers."""

    form: Form
    open: bool = False


def cast(texts: Any) -> NDArray[np.float64] | None:
    """Read texts as Python's float does, but for `1_1`, which is no number; None if one is not a number."""
    try:
        return np.asarray(texts.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)
    except pa.ArrowInvalid:
        return None


def find(texts: Any, decimal: Decimal) -> Found | None:
    """Find the form that fits all texts; None if none does.

    `1,234` is 1.234 or 1234, and so is `1.234`. Where a column has no other cells, `decimal` decides: programs write
    points between thousands much more rarely than decimal points, so that only other columns make them such.
    """
    plain, comma = PLAIN.fits(texts), COMMA.fits(texts)
    if plain:
        thousands = decimal == "comma" and not comma and GERMAN.fits(texts)
        return Found(GERMAN, open=True) if thousands else Found(PLAIN)
    if comma:
        return Found(ENGLISH if decimal == "point" else COMMA, open=True) if ENGLISH.fits(texts) else Found(COMMA)
    return next((Found(form) for form in FORMS[2:] if form.fits(texts)), None)


def sign_of(columns: Iterable[Any], otherwise: Decimal) -> Decimal:
    """Find the decimal sign of a file by those columns, each without missing cells, that leave no doubt."""
    votes = {vote for texts in columns if len(texts) and (vote := _vote(texts))}
    return votes.pop() if len(votes) == 1 else otherwise


def _vote(texts: Any) -> Decimal | None:
    plain, comma, german = PLAIN.fits(texts), COMMA.fits(texts), GERMAN.fits(texts)
    if plain and not comma and not german:
        return "point"
    return "comma" if (comma or german) and not plain and not ENGLISH.fits(texts) else None
