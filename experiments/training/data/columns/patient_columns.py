"""Find the column with the patients, whatever it is called, and the columns that hold persons and are no features."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Choice
from experiments.training.data.columns import column_names, column_questions
from experiments.training.data.columns.column_questions import Found
from experiments.training.data.columns.table_view import TableView

FIELD = "patient_column"
FEWEST = 5  # different codes that may be patients
MOST_OFTEN = 0.2  # share of the rows that one of them has at most
WIDE = 1_000  # columns from which they are measurements, such as genes, and too many to be opened one by one
LOOKED_AT = 1_000  # columns whose first cells are looked at
_CODE = re.compile(r"[A-Za-z]{0,8}[-_ ]?\d{3,}([-_]?[A-Za-z0-9]+)*")
_NUMBER_OR_DATE = re.compile(r"[-+]?\d*[.,]?\d+|(19|20)\d\d[-_]\d\d?[-_]\d\d?.*")
EACH = Choice(
    options={"data.patients": "each_sample"},
    consequence="Each sample is of another patient; none is kept in one split.",
)


def find(view: TableView, config: DataConfig, *, taken: Collection[str | None]) -> Found:
    """Find the patients: as named, by a common name, or by a question about columns that may hold them.

    Of several columns that name persons the one with the largest groups is taken, and that is asked unless the others
    divide its groups. One that groups what belongs to a person, such as a lesion, serves where none names the person.
    Raises SourceError for a name that is not there.
    """
    if config.patients != "auto":
        return Found()
    if config.patient_column is not None:
        return column_questions.as_asked(FIELD, view, config) or Found()
    for names in (column_names.PERSONS, column_names.PARTS_OF_PERSONS):
        found = column_names.among(names, view.header, taken)
        if found := [column for column in found if not _is_a_word(column) or _are_many(view.whole(column))]:
            return _one_of(view, found)
    maybe = [column for column in _maybe(view, taken) if comes_several_times(view.whole(column))]
    if not maybe:
        return Found()
    question = column_questions.ask(FIELD, view, maybe, "the patient, whose samples belong into one split", EACH)
    return Found(maybe[0], "pattern", [question])


def apart(view: TableView) -> list[str]:
    """List the columns that name persons, visits, studies or places: numbers of these are nothing to learn from."""
    named = column_names.among((*column_names.PERSONS, *column_names.PARTS_OF_PERSONS), view.header)
    places = column_names.among(column_names.OF_PERSONS, view.header)
    return [
        *(column for column in named if not _is_a_word(column) or _are_many(view.first(column))),
        *(column for column in places if _are_many(view.first(column))),
    ]


def looks_like_codes(cells: Sequence[str]) -> bool:
    """Return whether all cells are codes of letters and digits that persons may have, such as `A-1734`."""
    known = [cell for cell in cells if cell]
    return bool(known) and all(_CODE.fullmatch(cell) and not _NUMBER_OR_DATE.fullmatch(cell) for cell in known)


def comes_several_times(cells: Sequence[str]) -> bool:
    """Return whether values repeat as patients do: many different ones, of which some have several rows, none most."""
    counts = Counter(cells)
    counts.pop("", None)
    rows = counts.total()
    return FEWEST <= len(counts) < rows and max(counts.values()) <= max(MOST_OFTEN * rows, 2)


def _is_a_word(column: str) -> bool:
    """Return whether the name may also be that of a measurement, as in `patient: yes`."""
    return bool(column_names.among(column_names.WORDS_FOR_PERSONS, [column]))


def _are_many(cells: Sequence[str]) -> bool:
    return len(set(cells)) >= min(FEWEST, len(cells))


def _one_of(view: TableView, found: Sequence[str]) -> Found:
    if len(found) == 1:
        return Found(found[0], "alias")
    cells = {column: view.whole(column) for column in found}
    ordered = sorted(found, key=lambda column: len(set(cells[column])))
    if all(_divides(cells[column], cells[ordered[0]]) for column in ordered[1:]):
        return Found(ordered[0], "alias")
    question = column_questions.ask(FIELD, view, ordered, "the patient, whose samples belong into one split", EACH)
    return Found(ordered[0], "alias", [question])


def _divides(fine: Sequence[str], coarse: Sequence[str]) -> bool:
    """Return whether rows that are alike in one column are alike in the other."""
    return len(set(zip(fine, coarse, strict=True))) == len(set(fine))


def _maybe(view: TableView, taken: Collection[str | None]) -> list[str]:
    """List columns that may hold patients, by their names or by what their first cells look like."""
    named = column_names.among(column_names.PERHAPS_PERSONS, view.header, taken)
    others = [column for column in view.header if column and column not in taken and column not in named]
    looked_at = others[:LOOKED_AT] if len(view.header) <= WIDE else []
    return [*named, *(column for column in looked_at if looks_like_codes(view.first(column)))]
