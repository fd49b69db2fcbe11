"""Combine the runs of a group: mean and spread of their statistics, and their predictions counted together.

Only completed runs count, and every number comes with how many of them it covers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from runs.models import FinalResult, Run, RunGroup
from runs.queries import with_summary
from runs.statistics.fold_statistics import Spread, spreads
from runs.statistics.matrix_statistics import Number, matrix_statistics
from runs.statistics.metric_names import is_end

CHANGED = (
    "The data changed between the folds: their classes or sizes differ. Means over them compare what is not "
    "comparable, and their predictions are not counted together; start the cross-validation again."
)


@dataclass(frozen=True)
class Pooled:
    """The validation samples of all completed folds as one set: with all folds completed, each sample once.

    Exact for every number that a confusion matrix determines: a sum of counts, not a mean of ratios, which is biased
    for F1 and the like (Forman and Scholz, SIGKDD Explor. 12 (2010) 49-57). There is no pooled AUROC: scores of
    different networks need not be comparable, so ranking them together says little; quote the mean over folds.

    `patients` are None where they are not known. With several samples of a patient there are no intervals: a matrix
    says nothing of patients, and Wilson's interval of its samples would be far too narrow.
    """

    samples: int
    patients: int | None
    class_names: list[str]
    confusion_matrix: list[list[int]]
    statistics: dict[str, Number]


@dataclass(frozen=True)
class SplitSpread:
    """One split over the `runs` completed runs that evaluated it.

    `pooled` exists for validation only: all folds share the test split, and counted together each of its samples would
    count once per fold.
    """

    runs: int
    statistics: dict[str, Spread]
    pooled: Pooled | None


@dataclass(frozen=True)
class GroupReport:
    """A group with the statistics of its runs.

    `runs` are the newest of each fold, in their order; `results` are the final results of the completed runs, by run
    and split.
    """

    group: RunGroup
    runs: list[Run]
    results: Mapping[int, Mapping[str, FinalResult]]
    splits: dict[str, SplitSpread]
    notes: list[str]

    @property
    def statuses(self) -> dict[str, int]:
        """The number of runs in each status that occurs."""
        return dict(Counter(run.status for run in self.runs))

    @property
    def completed(self) -> int:
        """The number of completed runs."""
        return self.statuses.get(Run.Status.COMPLETED, 0)


def report(group: RunGroup) -> GroupReport:
    """Read one group's report as of now."""
    return reports([group])[0]


def reports(groups: Sequence[RunGroup]) -> list[GroupReport]:
    """Read the reports as of now, in as many queries for one group as for many."""
    runs_of = _runs({group.pk for group in groups})
    completed = [run.pk for runs in runs_of.values() for run in runs if run.status == Run.Status.COMPLETED]
    results = _results(completed)
    return [_report(group, runs_of[group.pk], results) for group in groups]


def _runs(group_ids: Collection[int]) -> dict[int, list[Run]]:
    found: dict[int, list[Run]] = defaultdict(list)
    runs = with_summary(Run.objects.filter(group_id__in=group_ids, deleted_at=None, replaced=False), "dataset")
    for run in runs.order_by("group_id", "fold"):
        found[run.group_id or 0].append(run)
    return found


def _results(run_ids: Collection[int]) -> dict[int, dict[str, FinalResult]]:
    """Read the results of runs seen as completed, so that counts and numbers agree; validation first."""
    found: dict[int, dict[str, FinalResult]] = defaultdict(dict)
    for result in FinalResult.objects.filter(run_id__in=run_ids).order_by("-split"):
        found[result.run_id][result.split] = result
    return found


def _report(group: RunGroup, runs: list[Run], results: Mapping[int, Mapping[str, FinalResult]]) -> GroupReport:
    own = {run.pk: results[run.pk] for run in runs if run.pk in results}
    alike = len({_shape(run) for run in runs if run.pk in own}) <= 1
    by_split: dict[str, list[FinalResult]] = defaultdict(list)
    for of_run in own.values():
        for split, result in of_run.items():
            by_split[split].append(result)
    splits = {split: _split(split, found, group.size, alike) for split, found in by_split.items()}
    return GroupReport(group, runs, own, splits, [] if alike else [CHANGED])


def _shape(run: Run) -> tuple[object, ...]:
    """Return what all folds of the same data share: classes, samples outside the test split, and in it."""
    dataset = run.dataset or {}
    sizes = dataset.get("sizes", {})
    return tuple(dataset.get("classes", ())), sizes.get("train", 0) + sizes.get("val", 0), sizes.get("test", 0)


def _split(split: str, results: Sequence[FinalResult], folds: int, alike: bool) -> SplitSpread:
    validation = split == "val"
    return SplitSpread(
        runs=len(results),
        statistics=spreads(
            [result.statistics for result in results], overlap=1 / (folds - 1) if validation and folds > 1 else None
        ),
        pooled=_pooled(results) if validation and alike else None,
    )


def _pooled(results: Sequence[FinalResult]) -> Pooled:
    matrix = _sum(result.confusion_matrix for result in results)
    names, samples = results[0].class_names, sum(map(sum, matrix))
    statistics = matrix_statistics(matrix, names)
    if _several_of_a_patient(results):
        statistics = {name: None if is_end(name) else value for name, value in statistics.items()}
    patients = [result.patients for result in results]
    known = [number for number in patients if number is not None]
    return Pooled(samples, sum(known) if len(known) == len(patients) else None, names, matrix, statistics)


def _several_of_a_patient(results: Sequence[FinalResult]) -> bool:
    return any(
        result.patients is not None and result.patients < sum(map(sum, result.confusion_matrix)) for result in results
    )


def _sum(matrices: Iterable[Sequence[Sequence[int]]]) -> list[list[int]]:
    return [[sum(cells) for cells in zip(*rows, strict=True)] for rows in zip(*matrices, strict=True)]
