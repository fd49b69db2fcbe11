"""Make a few groups of samples by the values of a column: as they are, or in bands, rare ones together. Pure Python."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.labels import missing_labels, spellings
from experiments.training.data.subgroups import number_bands
from runs.statistics.subgroups.group_names import MISSING, OTHER

COLUMNS, BANDS = "data.subgroup_columns", "data.subgroup_bands"
MOST_GROUPS = 20  # of a column, beside the samples without a value
MOST_NUMBERS = 10  # different ones that are groups as they are; more are bands
FEWEST_EACH = 5  # samples of a value on average, where there are more values than groups
LETTERS = 100  # of a value; its rest is cut off

_NUMBER = re.compile(r"[+-]?(\d{1,40}\.?\d{0,40}|\.\d{1,40})([eE][+-]?\d{1,3})?")
_AGE = re.compile(r"(\d{1,3})([YMWD])")  # as DICOM writes it
_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}


class Groups(NamedTuple):
    """The group of each sample, and in words how the groups were made; `folded` values are together in one."""

    values: list[str]
    rule: str
    folded: int = 0


def of_column(column: str, cells: Sequence[str], edges: Sequence[float] | None) -> Groups:
    """Group the samples by their cells; a blank one is missing. `edges` say where bands of numbers begin.

    Raises SourceError for ids and free texts, and for edges of what are no numbers.
    """
    texts = {cell: _text(cell) for cell in set(cells)}
    numbers = _numbers({text for text in texts.values() if text is not None})
    if edges and numbers is None:
        raise SourceError(
            BANDS, f"Column {column!r} has values that are no numbers, such as {_examples(texts)}; leave its bands out."
        )
    if numbers is None:
        return _of_texts(column, cells, texts)
    return _of_numbers(cells, {cell: None if text is None else numbers[text] for cell, text in texts.items()}, edges)


def _text(cell: str) -> str | None:
    """Return the cell as it is shown, None for one without a value."""
    text = spellings.clean(cell)
    return None if missing_labels.is_missing(spellings.key(text)) else text


def _numbers(texts: set[str]) -> Mapping[str, float] | None:
    """Return the numbers that the texts are; None where one of them is none, and where there are none."""
    found: dict[str, float] = {}
    for text in texts:
        age = _AGE.fullmatch(text)
        if age is None and not _NUMBER.fullmatch(text):
            return None
        found[text] = int(age[1]) * _YEARS[age[2]] if age else float(text)
    return found if found and all(map(math.isfinite, found.values())) else None


def _of_numbers(cells: Sequence[str], number_of: Mapping[str, float | None], edges: Sequence[float] | None) -> Groups:
    different = {number for number in number_of.values() if number is not None}
    if not edges and len(different) <= MOST_NUMBERS:
        return Groups([_shown(number_of[cell]) for cell in cells], "values as they are")
    rule = f"bands by {BANDS}"
    if not edges:
        edges, rule = number_bands.round_edges(sorted(n for cell in cells if (n := number_of[cell]) is not None))
    names = number_bands.band_names(edges)
    name_of = {
        cell: MISSING if number is None else names[number_bands.band_of(number, edges)]
        for cell, number in number_of.items()
    }
    return Groups([name_of[cell] for cell in cells], rule)


def _shown(number: float | None) -> str:
    return MISSING if number is None else f"{number:.10g}"


def _of_texts(column: str, cells: Sequence[str], texts: Mapping[str, str | None]) -> Groups:
    """Group by what is written; spellings that differ in case, blanks or Unicode form alone are one value."""
    counts: dict[str, Counter[str]] = {}
    for cell, times in Counter(cells).items():
        if (text := texts[cell]) is not None:
            counts.setdefault(spellings.key(text), Counter())[text[:LETTERS]] += times
    most = sorted(counts, key=lambda key: (-counts[key].total(), key))
    kept = most if len(most) <= MOST_GROUPS else most[: MOST_GROUPS - 1]
    _refuse_ids(column, kept, counts)
    name_of = {key: max(counts[key], key=lambda text: (counts[key][text], text)) for key in kept}
    group_of = {
        cell: MISSING if text is None else name_of.get(spellings.key(text), OTHER) for cell, text in texts.items()
    }
    folded = len(most) - len(kept)
    rule = f"values as they are; the {folded:,} rarest are together" if folded else "values as they are"
    return Groups([group_of[cell] for cell in cells], rule, folded)


def _refuse_ids(column: str, kept: Sequence[str], counts: Mapping[str, Counter[str]]) -> None:
    """Raise SourceError for ids, names, free texts: values that hardly recur, or whose most frequent are not half."""
    total = sum(each.total() for each in counts.values())
    hardly_recur = len(counts) > MOST_GROUPS and total < FEWEST_EACH * len(counts)
    if hardly_recur or 2 * sum(counts[key].total() for key in kept) < total:
        listed = some([repr(next(iter(each))) for each in counts.values()])
        raise SourceError(
            COLUMNS,
            f"Column {column!r} has {len(counts):,} different values, such as {listed}: ids or free texts. Leave "
            "it out: columns of subgroups have values that recur, as sex and site do.",
        )


def _examples(texts: Mapping[str, str | None]) -> str:
    return some(
        sorted({repr(text[:LETTERS]) for text in texts.values() if text is not None and not _NUMBER.fullmatch(text)})
    )
