"""Tell when two labels are the same one written differently: case, blanks, invisible characters, Unicode form."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

NUMBER = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})")
"""What is a number among labels; `1_1` is a code, and so is `1E2`."""
QUOTES = "\"'`"
_PLAIN = str.maketrans(
    dict.fromkeys(map(chr, (0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE63, 0xFF0D)), "-")
    | dict.fromkeys(map(chr, (0x2018, 0x2019, 0x201A, 0x201B, 0x2032)), "'")
    | dict.fromkeys(map(chr, (0x201C, 0x201D, 0x201E, 0x201F, 0x2033)), '"')
)
_LIST_OF_ONE = re.compile(r"""\[ ?(?P<quote>['"]?)(?P<label>[^\[\]'",;|]+)(?P=quote) ?\]""")
_ZERO_TAIL = re.compile(r"([+-]?\d+)\.0*")


@dataclass(frozen=True, slots=True)
class Spelling:
    """One of the different cells: as it is, as it is shown, and what equal labels have in common."""

    cell: str
    text: str
    key: str
    count: int


def of(counts: Mapping[str, int]) -> list[Spelling]:
    """List the different cells, of which each occurs so many times, the most frequent first."""
    texts = _without_brackets({cell: clean(cell) for cell in counts})
    found = [Spelling(cell, text, key(text), counts[cell]) for cell, text in texts.items()]
    return sorted(found, key=lambda spelling: (-spelling.count, spelling.text, spelling.cell))


def _without_brackets(texts: Mapping[str, str]) -> Mapping[str, str]:
    """Take cells that are all lists of one label, such as `['N']`, for that label."""
    inner = {cell: _LIST_OF_ONE.fullmatch(text) for cell, text in texts.items() if text}
    if not inner or not all(inner.values()):
        return texts
    return {cell: found["label"] if (found := inner.get(cell)) else text for cell, text in texts.items()}


def clean(cell: str) -> str:
    """Return the cell as it is shown: composed, without invisible characters, each blank a single plain one.

    What web pages write for a sign, such as `&amp;`, is that sign.
    """
    if "&" in cell and ";" in cell:
        cell = html.unescape(cell)
    if not (cell.isascii() and cell.isprintable()):
        cell = "".join(" " if char in "\t\n\r\f\v" else char for char in cell)
        cell = "".join(
            char for char in unicodedata.normalize("NFC", cell) if unicodedata.category(char) not in ("Cf", "Cc", "Cs")
        )
    return " ".join(cell.split())


def key(text: str) -> str:
    """Return what all spellings of a label have in common, for a text that is clean.

    They may differ in case, in blanks, `_` and hyphens between words, in the kind of dashes and quotes, in compatible
    characters (`Ａ` and `A`), and in quotes around or a full stop behind them. Signs of numbers and accents stay.
    """
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_PLAIN)
    bare = plain.strip(QUOTES + " ")
    if len(bare) > 1:
        bare = bare.rstrip(".") or bare
    if NUMBER.fullmatch(bare):
        return bare
    return re.sub(r"(?<=[^\W\d_])-(?=[^\W\d_])|[_\s]+", " ", bare).strip().casefold() or bare


def number(key: str) -> str | None:
    """Return the number as it is shown, `1` for `1.0`, `01` and `+1`; None for any other label."""
    if not NUMBER.fullmatch(key):
        return None
    shown = format(Decimal(key).normalize(), "f")
    return "0" if shown == "-0" else shown


def meant(asked: str, labels: Sequence[str]) -> list[str]:
    """Return the label that is exactly this text, else all that differ from it in their spelling alone."""
    if asked in labels:
        return [asked]
    wanted = key(clean(asked))
    same = number(wanted)
    return [label for label in labels if (own := key(label)) == wanted or (same is not None and number(own) == same)]


def without_zero_tail(key: str) -> str:
    """Return `1` for `1.0`, as programs write it who have read whole numbers beside gaps."""
    whole = _ZERO_TAIL.fullmatch(key)
    return whole[1] if whole else key


def shown(spellings: Iterable[Spelling]) -> str:
    """Return the most frequent of the spellings of one label; of equally frequent ones that in small letters."""
    counts: dict[str, int] = {}
    for spelling in spellings:
        counts[spelling.text] = counts.get(spelling.text, 0) + spelling.count
    return max(counts, key=lambda text: (counts[text], text))
