"""Describe the final numbers of groups of runs: mean and spread over their completed runs, per split.

Few runs are described here, by exact sums. Many are added up by the database, as fetching them would take longer than
all else: about the middle of their range, so that rounding stays far below the digits that are shown. Where the runs
hardly differ it would not, and they are described here too.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from django.db.models import Count, F, Max, Min, QuerySet, Sum

from runs.models import Run
from runs.statistics.fold_statistics import Described, described

METRICS = ("precision", "recall", "f1", "auroc")
SUMMED_ABOVE = 500
"""Completed runs of a group above which the database adds up."""
REMEMBERED = 1_000
"""Groups, of a kilobyte each, beyond which all are forgotten."""
_MIDDLE = 0.5
_HARDLY = 1e-3
"""A standard deviation from which on that of the database is right to eight digits, with a million runs to five."""
Splits = dict[str, dict[str, Any]]
_Found = dict[Any, dict[str, tuple[int, list[Described]]]]
"""For each group and split the number of its runs, and each metric."""
_known: dict[tuple[str, Any, Counted], Splits] = {}


class Counted(NamedTuple):
    """The runs of a group with one status: how many, and the sum of their marks, which differs after each change."""

    number: int = 0
    marks: Any = None


def of_groups(
    runs: QuerySet[Any],
    column: str,
    completed: Mapping[Any, Counted],
    count: Callable[[Collection[Any]], Mapping[Any, Counted]],
) -> dict[Any, Splits]:
    """Describe the groups that have a value in `column`, each given with its completed runs.

    `runs` are of `Run` or `ListedRun`, both of which have the numbers. Groups that are known by their marks are not
    read again. What is read is remembered where no run has changed meanwhile: the completed runs of these groups are
    counted again, by `count`.
    """
    asked = [(column, key, counted) for key, counted in completed.items()]
    found = {one[1]: splits for one in asked if (splits := _known.get(one)) is not None}
    new = [one for one in asked if one[1] not in found]
    read = _read(runs, column, {key: counted.number for _, key, counted in new}) if new else {}
    if len(_known) > REMEMBERED:
        _known.clear()
    # Not that there are no numbers: an owner who was renamed meanwhile seems to have none.
    marked = {one[1]: one for one in new if one[2].marks is not None and one[1] in read}
    after = count(marked) if marked else {}
    _known.update({one: read[key] for key, one in marked.items() if after.get(key) == one[2]})
    return found | read


def _read(runs: QuerySet[Any], column: str, completed: Mapping[Any, int]) -> dict[Any, Splits]:
    of_completed = runs.filter(status=Run.Status.COMPLETED).exclude(final_split="").order_by()
    many = [key for key, number in completed.items() if number > SUMMED_ABOVE]
    summed = _summed(of_completed.filter(**{f"{column}__in": many}), column) if many else {}
    exactly = completed.keys() - {key for key, splits in summed.items() if not _hardly_differ(splits)}
    described_here = _described(of_completed.filter(**{f"{column}__in": list(exactly)}), column) if exactly else {}
    return {
        key: {split: _as_json(*found) for split, found in sorted(splits.items())}
        for key, splits in (summed | described_here).items()
    }


def _as_json(number: int, metrics: Collection[Described]) -> dict[str, Any]:
    statistics = {name: one._asdict() for name, one in zip(METRICS, metrics, strict=True)}
    return {"runs": number, "statistics": statistics}


def _described(completed: QuerySet[Any], column: str) -> _Found:
    rows: dict[tuple[Any, str], list[tuple[Any, ...]]] = defaultdict(list)
    for key, split, *numbers in completed.values_list(column, "final_split", *(f"final_{name}" for name in METRICS)):
        rows[key, split].append(tuple(numbers))
    found: _Found = defaultdict(dict)
    for (key, split), of_split in rows.items():
        found[key][split] = (len(of_split), [described(values) for values in zip(*of_split, strict=True)])
    return dict(found)


def _summed(completed: QuerySet[Any], column: str) -> _Found:
    columns = [f"final_{name}" for name in METRICS]
    sums = {f"{name}_{part}": sum_ for name in columns for part, sum_ in _sums(name).items()}
    of_split: QuerySet[Any, Any] = completed.values(key=F(column), split=F("final_split"))
    found: _Found = defaultdict(dict)
    for row in of_split.annotate(runs=Count("*"), **sums):
        found[row["key"]][row["split"]] = (
            row["runs"],
            [_of_sums(*(row[f"{name}_{part}"] for part in _sums(name))) for name in columns],
        )
    return dict(found)


def _sums(column: str) -> dict[str, Any]:
    """Write what the database adds up, in the order of the parameters of `_of_sums`."""
    deviation = F(column) - _MIDDLE
    return {
        "n": Count(column),
        "least": Min(column),
        "most": Max(column),
        "deviations": Sum(deviation),
        "squares": Sum(deviation * deviation),
    }


def _of_sums(
    n: int, least: float | None, most: float | None, deviations: float | None, squares: float | None
) -> Described:
    if least is None or deviations is None or squares is None or n == 1:
        return Described(n, least, None, least, most)
    variance = max((squares - deviations * deviations / n) / (n - 1), 0.0)
    return Described(n, _MIDDLE + deviations / n, math.sqrt(variance), least, most)


def _hardly_differ(splits: Mapping[str, tuple[int, list[Described]]]) -> bool:
    return any(one.sd is not None and one.sd < _HARDLY for _, metrics in splits.values() for one in metrics)
