"""Tell an external test apart by the groups of its samples, as a run's own result.

Brings NumPy and Arrow: a web process loads it with the first groups that are looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from experiments.external_tests.descriptions import NAME
from experiments.models import ExternalTest
from runs.evaluation.remembered import remembered
from runs.files import predictions_file
from runs.saved_points.run_decision import Decision
from runs.statistics.subgroups.group_comparison import Comparison, compared
from runs.statistics.subgroups.group_differences import Metric
from runs.statistics.subgroups.group_json import comparison_json
from runs.subgroups import stored_groups
from runs.subgroups.stored_groups import NoGroups
from runs.subgroups.subgroup_text import verdict

REMEMBERED = 16  # answers; each holds some hundred numbers of a group
STORED_SPLIT = "test"
NONE = "No columns were named when this test was asked for: name a site or subgroup columns, and ask for another."
JOINT = " and "


class _Wanted(NamedTuple):
    """What the groups follow from, which does not change."""

    test: int
    class_names: tuple[str, ...]
    decision: Decision
    columns: tuple[str, ...]
    paired: bool
    metric: Metric


def groups_of(
    test: ExternalTest, columns: Sequence[str], decision: Decision, metric: Metric, *, kept: Sequence[str]
) -> dict[str, Any]:
    """Answer with the groups of a column, of all where none is named, or of the pairs of values of two columns."""
    told: dict[str, Any] = {
        "run_id": test.run_id,
        "split": NAME,
        "threshold": decision.threshold,
        "log_odds": decision.log_odds,
        "decides": decision.source,
        "metric": metric,
        "kept": list(kept),
        "groups": [],
        "comparisons": 0,
        "worst": None,
        "verdict": None,
        "problem": None,
    }
    if not kept:
        return told | {"problem": NONE}
    wanted = _Wanted(
        test.pk, tuple(test.class_names), decision, tuple(columns or kept), paired=len(columns) > 1, metric=metric
    )
    try:
        groups = _compared(wanted)
    except NoGroups as error:
        return told | {"problem": str(error)}
    return told | comparison_json(groups) | {"verdict": verdict(groups)}


@remembered(REMEMBERED, in_turn=True)
def _compared(wanted: _Wanted) -> Comparison:
    """Compute the groups from the predictions. Raises NoGroups."""
    test = ExternalTest.objects.select_related("job").defer("kept", "details").get(pk=wanted.test)
    try:
        with predictions_file.opened_at(test.predictions) as file:
            split = stored_groups.read_from(file, STORED_SPLIT, wanted.class_names, wanted.decision, wanted.columns)
    except FileNotFoundError:
        raise NoGroups(stored_groups.GONE.replace("run", "test")) from None
    except (predictions_file.UnreadablePredictions, KeyError, TypeError, ValueError):
        raise NoGroups(stored_groups.UNREADABLE.replace("run", "test")) from None
    if wanted.paired:
        joined = list(map(", ".join, zip(*split.columns.values(), strict=True)))
        split = split._replace(columns={JOINT.join(wanted.columns): joined})
    return compared(split, wanted.class_names, wanted.metric)
