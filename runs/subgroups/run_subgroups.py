"""Tell the final results of a run apart by the groups of its samples.

Brings NumPy and Arrow: a web process loads it with the first subgroups that are looked at.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

from runs.evaluation.remembered import remembered
from runs.models import FinalResult, Run
from runs.saved_points.run_decision import Decision
from runs.statistics.subgroups.group_comparison import Comparison, compared
from runs.statistics.subgroups.group_differences import Metric
from runs.statistics.subgroups.group_json import comparison_json
from runs.subgroups import stored_groups
from runs.subgroups.stored_groups import NoGroups
from runs.subgroups.subgroup_text import verdict

REMEMBERED = 16  # answers; each holds some hundred numbers of a group
MOST_COLUMNS = 20  # columns and folders that a run may have kept, and some

NOT_YET = "Subgroups come when the run has ended: its predictions are stored then."
JOINT = " and "
_turn = threading.Lock()
"""Held for the reading and for a group at a time: each takes a processor, and no request waits for all of another."""


class _Wanted(NamedTuple):
    """What the groups follow from: what an attempt has evaluated does not change."""

    run: int
    attempt: int
    split: str
    class_names: tuple[str, ...]
    decision: Decision
    columns: tuple[str, ...]
    paired: bool
    metric: Metric


class UnknownColumn(Exception):
    """The run did not keep this column; `known` are those that it has."""

    def __init__(self, column: str, known: Sequence[str]) -> None:
        super().__init__(column)
        self.column, self.known = column, list(known)


def run_subgroups(result: FinalResult, decision: Decision, columns: Sequence[str], metric: Metric) -> dict[str, Any]:
    """Answer with the groups of a column, of all where none is named, or of the pairs of values of two columns.

    `problem` says why there are none. Raises UnknownColumn, StoreError.
    """
    told = _nothing(result, decision, metric)
    if result.run.status not in Run.ENDED:
        return told | {"problem": NOT_YET}
    try:
        told["kept"] = kept = stored_groups.columns_of(result.run)[:MOST_COLUMNS]
        if unknown := [column for column in columns if column not in kept]:
            raise UnknownColumn(unknown[0], kept)
        wanted = _wanted(result, decision, columns or kept, metric, paired=len(columns) > 1)
        found = _compared(wanted)
    except NoGroups as error:
        return told | {"problem": str(error)}
    return told | comparison_json(found) | {"verdict": verdict(found)}


def _nothing(result: FinalResult, decision: Decision, metric: Metric) -> dict[str, Any]:
    """Describe what is asked for; there are no groups."""
    return {
        "run_id": result.run_id,
        "split": result.split,
        "threshold": decision.threshold,
        "log_odds": decision.log_odds,
        "decides": decision.source,
        "metric": metric,
        "kept": [],
        "groups": [],
        "comparisons": 0,
        "worst": None,
        "verdict": None,
        "problem": None,
    }


def _wanted(
    result: FinalResult, decision: Decision, columns: Sequence[str], metric: Metric, *, paired: bool
) -> _Wanted:
    names = tuple(result.class_names)
    return _Wanted(result.run_id, result.run.attempt, result.split, names, decision, tuple(columns), paired, metric)


@remembered(REMEMBERED)
def _compared(wanted: _Wanted) -> Comparison:
    """Compute the groups from the predictions. Raises NoGroups, StoreError."""
    run = Run.objects.get(pk=wanted.run)
    with _turn:
        split = stored_groups.read(run, wanted.split, wanted.class_names, wanted.decision, wanted.columns)
    if wanted.paired:
        joined = list(map(", ".join, zip(*split.columns.values(), strict=True)))
        split = split._replace(columns={JOINT.join(wanted.columns): joined})
    return compared(split, wanted.class_names, wanted.metric, _turn)
