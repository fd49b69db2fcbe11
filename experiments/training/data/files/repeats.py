"""Merge several rows for one image, as in tables with one row per finding (RSNA: one per box)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.files.index import Sample


def collapse(rows: Iterable[Sample]) -> list[Sample]:
    """Keep one sample per image; raises SourceError for images whose rows contradict each other."""
    rows = list(rows)
    if len({row.file for row in rows}) == len(rows):
        return rows
    rows_of: dict[str, list[Sample]] = defaultdict(list)
    for row in rows:
        rows_of[row.file].append(row)
    _refuse(rows_of, lambda row: row.label, "targets", "correct the table")
    _refuse(rows_of, _patient, "patients", "name the image's own column in data.id_column")
    _refuse(rows_of, lambda row: row.split, "splits", "a training sample cannot be a test sample too")
    _refuse(
        rows_of, lambda row: row.cells, "values in data.subgroup_columns", "name columns of the image, not of a row"
    )
    return [same[0] for same in rows_of.values()]


def _patient(row: Sample) -> str | None:
    """Return the patient that a row names; an image without one may be named by two ids."""
    return None if row.patient_id == row.id else row.patient_id


def _refuse(rows_of: Mapping[str, list[Sample]], value: Callable[[Sample], object], what: str, cure: str) -> None:
    contradictory = [rows[0].id for rows in rows_of.values() if len(set(map(value, rows))) > 1]
    if contradictory:
        raise SourceError(
            "source_path",
            f"{len(contradictory)} ids have rows with different {what}: {some(contradictory, 10)}; {cure}.",
        )
