"""Lists of runs, their facets and groups. See `runs.listing` and `runs.groups.serializers`."""

from __future__ import annotations

from typing import Any, TypedDict

from runs.events import Status
from runs.shapes.result_shapes import FinalSplit, MacroOver
from runs.shapes.run_shapes import PageLinks, RunSummary, SplitUse
from runs.statistics.matrix_statistics import Number


class FacetValue(TypedDict):
    """A value and how many runs have it."""

    value: str
    count: int


class KnownColumns(TypedDict):
    """The names of all options and metrics that a column of the list can have."""

    config: list[str]
    metric: list[str]


class Facets(TypedDict):
    """By which values the list can be filtered; each facet has at most 200, the most frequent first."""

    count: int
    status: list[FacetValue]
    tag: list[FacetValue]
    source_path: list[FacetValue]
    model: list[FacetValue]
    owner: list[FacetValue]
    columns: KnownColumns


class ValueSpread(TypedDict):
    """Mean and spread of the `n` runs that have the number, with the 95 % intervals of the mean."""

    n: int
    mean: Number
    sd: Number
    min: Number
    max: Number
    ci_low: Number
    ci_high: Number
    corrected_ci_low: Number
    corrected_ci_high: Number


class GroupedRuns(TypedDict):
    """Runs that have something in common; `newest` is the newest of them."""

    key: str | int
    label: str
    count: int
    statuses: dict[Status, int]
    newest: RunSummary | None
    splits: dict[str, Any]
    links: dict[str, str]


class GroupedPage(PageLinks):
    """A page of runs grouped by what they share."""

    by: str
    results: list[GroupedRuns]


class PooledResult(TypedDict):
    """All samples of all runs of a group together."""

    samples: int
    patients: int | None
    class_names: list[str]
    positive_class: str | None
    confusion_matrix: list[list[int]]
    statistics: dict[str, Number]
    macro: MacroOver | None


class GroupSplit(TypedDict):
    """The results of `runs` of the group's runs on one split."""

    runs: int
    of: int
    statistics: dict[str, ValueSpread]
    pooled: PooledResult | None


class RunGroup(TypedDict):
    """A group of runs, such as the folds of a cross-validation; `id` and `group_id` are the same."""

    id: int
    group_id: int
    name: str
    kind: str
    owner: str
    project: str
    project_id: int
    created_at: str
    size: int
    statuses: dict[Status, int]
    completed: int
    notes: list[Any]
    splits: dict[str, GroupSplit]
    links: dict[str, str]


class GroupPage(PageLinks):
    """A page of groups, newest first."""

    results: list[RunGroup]


class GroupMember(RunSummary):
    """A run of a group with its final results by split."""

    final_stats: dict[str, FinalSplit]


class GroupDetail(RunGroup):
    """A group with its request and its runs."""

    config: dict[str, Any]
    runs: list[GroupMember]
    test_split: SplitUse | None
