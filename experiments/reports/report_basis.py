"""What a report was made from, and what of it has changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from experiments.external_tests import queries as external_queries
from experiments.reports.report_fields import FIELDS
from experiments.reports.report_texts import texts_of
from runs.models import Run
from runs.saved_points import point_history


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a run that a report shows: keys of rows, which never change.

    `texts` has the row of each text by its field, `point` the last decision on the operating point, `external` the
    numbers of the external tests.
    """

    attempt: int
    name: str
    point: int | None
    texts: dict[str, int]
    external: list[int]


def basis_of(run: Run) -> Basis:
    """Read the state of a run."""
    return Basis(
        attempt=run.attempt,
        name=run.experiment_name,
        point=point_history.newest(run),
        texts={name: row.pk for name, row in texts_of(run).items()},
        external=external_queries.numbers_of_run(run),
    )


def changes_since(stored: Mapping[str, Any], now: Basis) -> list[str]:
    """Say in sentences what differs between a report's basis and the run of now; nothing where all is the same."""
    return list(_changes(msgspec.convert(stored, Basis), now))


def _changes(before: Basis, now: Basis) -> Iterator[str]:
    if before.attempt != now.attempt:
        yield "The run was resumed since: the report is of an earlier attempt."
    if before.point != now.point:
        yield "The operating point was decided again since."
    names = [name for name in FIELDS if before.texts.get(name) != now.texts.get(name)]
    if names:
        yield f"Texts were changed since: {', '.join(FIELDS[name].title for name in names)}."
    if before.external != now.external:
        yield "There are other external tests since."
    if before.name != now.name:
        yield "The run was renamed since."
