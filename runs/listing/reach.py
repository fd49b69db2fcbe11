"""How many of all runs those of some projects are: by that it is chosen how a database finds them in an order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from typing import Any

from django.db import connection

_SAMPLE = 100
_MOST, _MANY = 0.5, 0.25
_FEW = 16
"""A page of fifty runs takes to pass over 50 N / n others, or to read and sort n: equal where n squared is 50 N. Runs
that are read and sorted take longer each."""


class Reach(Enum):
    """The runs of some projects among all."""

    MOST = "more than half of the newest: it takes less to count those of others"
    MANY = "so many of the newest that hardly any are passed over: they are found as all runs are"
    SOME = "along an index of all runs many are passed over, of their projects none"
    FEW = "fewer than would be passed over: they are read and sorted"

    @property
    def as_all(self) -> bool:
        """Whether they are found as all runs are."""
        return self in (Reach.MOST, Reach.MANY)


def reach_of(projects: Sequence[int]) -> Reach:
    """Look at the newest runs, and count where hardly any are of the projects: no more than some hundred entries."""
    if not projects:
        return Reach.FEW
    # Written here: Django takes several times as long to write it as a database to answer it.
    among = f"project_id IN ({', '.join(['%s'] * len(projects))})"
    newest, sampled, own = _row(
        f"SELECT MAX(id), COUNT(*), SUM(CASE WHEN {among} THEN 1 ELSE 0 END)"  # noqa: S608  # no values in it
        f" FROM (SELECT id, project_id FROM runs_listedrun ORDER BY id DESC LIMIT {_SAMPLE:d}) AS newest",
        projects,
    )
    if not sampled or own >= _MANY * sampled:
        return Reach.MOST if sampled and own > _MOST * sampled else Reach.MANY
    few = int(math.sqrt(_FEW * newest))
    [number] = _row(
        f"SELECT COUNT(*) FROM (SELECT 1 AS one FROM runs_listedrun WHERE {among} LIMIT {few + 1:d}) AS own",  # noqa: S608
        projects,
    )
    return Reach.FEW if number <= few else Reach.SOME


def _row(sql: str, projects: Sequence[int]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, [*projects])
        return cursor.fetchone()
