"""The cells of a table: what counts as missing, and how a column of a file becomes texts. Free of torch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Cells: TypeAlias = Sequence[str] | NDArray[np.float64]
"""A column's texts, or its numbers."""

Codes: TypeAlias = NDArray[np.intp]
Places: TypeAlias = NDArray[np.bool_]

MAX_CATEGORIES = 100
FEW = 500  # texts that are matched one by one: compiling a pattern for Arrow takes longer
MISSING = frozenset(
    {
        *("", ".", "?", "na", "n/a", "n.a.", "<na>", "nan", "-nan", "null", "(null)", "\\n", "none", "nil"),
        *("#n/a", "#na", "#n/a n/a", "#null!", "#value!", "#ref!", "#div/0!", "#num!", "#name?"),
        *("1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan", "not available", "not applicable"),
    }
)
"""What programs and people write for a missing value, in lower case."""

MISSING_AMONG_NUMBERS = frozenset(
    {
        *("-", "--", "---", "–", "—", "*", "/", "nd", "n.d.", "n/d", "nk", "n/k", "unk", "unknown", "missing"),
        *("not known", "not done", "not measured", "not reported", "no data", "undefined", "empty", "blank"),
    }
)
"""What means that a number is missing, but may be a category among texts: `-` is a result of a test strip."""


def is_text(kind: Any) -> bool:
    """Return whether an Arrow type is that of texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def kind_of(column: Any) -> Any:
    """Return the Arrow type of a column's cells, also where it stores each different one only once."""
    return column.type.value_type if pa.types.is_dictionary(column.type) else column.type


def factorized(column: Any) -> tuple[Codes, Any]:
    """Find a column's different values: a code for each cell, -1 where it has none, and the values.

    Texts have no blanks around them any more.
    """
    encoded = (column if pa.types.is_dictionary(column.type) else column.dictionary_encode()).unify_dictionaries()
    encoded = encoded.combine_chunks() if encoded.num_chunks != 1 else encoded.chunk(0)
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.intp, copy=False)
    values = encoded.dictionary
    if is_text(values.type) and not (bare := pc.utf8_trim_whitespace(values)).equals(values):
        again = bare.dictionary_encode()
        return np.append(again.indices.to_numpy(), -1)[codes], again.dictionary
    return codes, values


def texts_of(column: Any) -> list[str]:
    """Return the cells as texts, blank where there is no value; equal cells share one text in memory."""
    codes, values = factorized(column)
    texts = [*map(text, values.to_pylist()), ""]  # -1 is the last one
    return [texts[code] for code in codes.tolist()]


def text(value: object) -> str:
    """Return a value as a text, blank for None and NaN; `1` and `0` for true and false."""
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None or value != value else str(value).strip()  # noqa: PLR0124  (NaN)


def matching(texts: Any, pattern: str) -> Places:
    """Return which texts match the pattern as a whole; it must mean the same to RE2 and to Python."""
    if len(texts) > FEW:
        return np.asarray(pc.match_substring_regex(texts, f"^(?:{pattern})$").to_numpy(zero_copy_only=False), np.bool_)
    matches = _compiled(pattern).fullmatch
    return np.fromiter((matches(one) is not None for one in texts.to_pylist()), np.bool_, len(texts))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def among(texts: Any, words: frozenset[str]) -> Places:
    """Return which texts are one of these words, in upper or lower case."""
    if len(texts) > FEW:
        found = pc.is_in(pc.utf8_lower(texts), value_set=pa.array(sorted(words), texts.type))
        return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)
    return np.fromiter((one.lower() in words for one in texts.to_pylist()), np.bool_, len(texts))
