"""List samples whose labels may be wrong: those that networks which never learned from them contradict with certainty.

A sample's suspicion is 1 - its score of the given label, averaged over the runs that held it out: Northcutt, Jiang and
Chuang, J. Artif. Intell. Res. 70 (2021) 1373-1411, call that score self-confidence. Brings NumPy and Arrow: a web
process loads it with the first list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from runs.evaluation.class_scores import NoScores
from runs.evaluation.remembered import remembered
from runs.files import predictions_file, run_files
from runs.label_errors import held_samples
from runs.label_errors.held_samples import Held, Named
from runs.models import FinalResult, Run
from runs.statistics.roc import Floats, Ints

REMEMBERED = 4  # lists; each holds some 150 bytes for a suspect
OTHER_DATA = "It was trained on other data, or on another version of them, than run {first}."
OTHER_CLASSES = "Its classes are not those of run {first}."
NO_RESULT = "It has no final result yet."


class Member(NamedTuple):
    """A run of the list; `problem` says why its predictions are not used."""

    run_id: int
    name: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class Suspect:
    """A sample that at least one run contradicts; `run_id`, `attempt`, `split` and `place`: where one did."""

    sample_id: str
    patient_id: str | None
    file: str | None
    given: int
    suggested: int
    suspicion: float
    wrong: int
    runs: int
    run_id: int
    attempt: int
    split: str
    place: int


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The suspects, the most suspicious first, among `samples` held out; `relabelled` have several given labels."""

    members: tuple[Member, ...]
    class_names: tuple[str, ...] = ()
    samples: int = 0
    relabelled: int = 0
    rows: _Rows | None = None

    @property
    def total(self) -> int:
        """Return the number of suspects."""
        return len(self.rows.given) if self.rows else 0

    def described(self, start: int, count: int) -> list[Suspect]:
        """Describe `count` of the suspects from `start` on."""
        return [self.rows.suspect(at) for at in range(start, min(start + count, self.total))] if self.rows else []


@dataclass(frozen=True, slots=True)
class _Rows:
    """The suspects in their order; `parts` and `within` say where in `named` each is."""

    given: Ints
    suggested: Ints
    suspicion: Floats
    wrong: Ints
    runs: Ints
    named: Sequence[Named]
    parts: Ints
    within: Ints

    def suspect(self, at: int) -> Suspect:
        """Describe one sample."""
        named, row = self.named[self.parts[at]], int(self.within[at])
        return Suspect(
            sample_id=str(named.ids[row].as_py()),
            patient_id=named.patients[row].as_py(),
            file=None if named.files is None else named.files[row].as_py(),
            given=int(self.given[at]),
            suggested=int(self.suggested[at]),
            suspicion=float(self.suspicion[at]),
            wrong=int(self.wrong[at]),
            runs=int(self.runs[at]),
            run_id=named.run_id,
            attempt=named.attempt,
            split=named.splits[row].as_py(),
            place=int(named.places[row]),
        )


def suspicion(runs: Sequence[Run]) -> Suspicion:
    """Compare the given labels with what the runs predicted of samples that they held out. Raises StoreError.

    The first run with a result says which data and classes the list is of; others are left out, with the reason.
    """
    key = tuple((run.pk, run.attempt, run.status, run_files.is_there(run, predictions_file.NAME)) for run in runs)
    names = {run.pk: run.experiment_name for run in runs}
    found = _suspicion(key)
    return replace(found, members=tuple(one._replace(name=names[one.run_id]) for one in found.members))


@remembered(REMEMBERED, in_turn=True)
def _suspicion(key: tuple[tuple[int, int, str, bool], ...]) -> Suspicion:
    """Compute the list: what the attempts held out does not change, their names do."""
    found = Run.objects.in_bulk([run_id for run_id, *_ in key])
    members: list[Member] = []
    held: list[Held] = []
    first: tuple[Run, tuple[str, ...]] | None = None
    for run in (found[run_id] for run_id, *_ in key if run_id in found):
        result = FinalResult.objects.filter(run=run).order_by("pk").first()
        problem = _problem(run, result, first)
        if result and problem is None:
            first = first or (run, tuple(result.class_names))
            try:
                held.append(held_samples.read(run, result, sum(part.scores.size for part in held)))
            except NoScores as error:
                problem = str(error)
        members.append(Member(run.pk, "", problem))
    return _combined(tuple(members), first[1], held) if first and held else Suspicion(tuple(members))


def _problem(run: Run, result: FinalResult | None, first: tuple[Run, tuple[str, ...]] | None) -> str | None:
    if result is None or run.status not in Run.ENDED:
        return NO_RESULT
    if first is None:
        return None
    if (run.dataset_hash or run.source_path) != (first[0].dataset_hash or first[0].source_path):
        return OTHER_DATA.format(first=first[0].pk)
    return None if tuple(result.class_names) == first[1] else OTHER_CLASSES.format(first=first[0].pk)


def _combined(members: tuple[Member, ...], class_names: tuple[str, ...], held: Sequence[Held]) -> Suspicion:
    """Sum over the runs, sample by sample, and sort those that a run contradicts."""
    every = pa.concat_arrays([part.named.ids for part in held]).dictionary_encode()
    codes = np.asarray(every.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    count = len(every.dictionary)
    labels = np.concatenate([part.labels for part in held])
    first = np.full(count, len(codes))
    np.minimum.at(first, codes, np.arange(len(codes)))
    given = labels[first]
    changed = np.bincount(codes, weights=labels != given[codes], minlength=count) > 0
    wrong = np.bincount(codes, weights=np.concatenate([part.wrong for part in held]), minlength=count)
    runs = np.bincount(codes, minlength=count)
    sums: Floats = np.column_stack([np.bincount(codes, weights=column, minlength=count) for column in _columns(held)])
    doubts = 1 - sums[np.arange(count), given] / runs
    suspects = np.flatnonzero((wrong > 0) & ~changed)
    order = suspects[np.argsort(-doubts[suspects], kind="stable")]
    named, parts, within = _only(held, first[order])
    rows = _Rows(
        given=given[order],
        suggested=_others(sums[order], given[order]).argmax(axis=1),
        suspicion=doubts[order],
        wrong=wrong[order].astype(np.int64),
        runs=runs[order],
        named=named,
        parts=parts,
        within=within,
    )
    return Suspicion(members, class_names, count, int(changed.sum()), rows)


def _others(sums: Floats, given: Ints) -> Floats:
    """Return the sums of the scores without those of the given labels."""
    sums[np.arange(len(given)), given] = -1
    return sums


def _only(held: Sequence[Held], rows: Ints) -> tuple[list[Named], Ints, Ints]:
    """Keep these of all rows; return them run by run, with the run of each and where it is there."""
    starts = np.cumsum([0, *(len(part.labels) for part in held)])
    parts = np.searchsorted(starts, rows, side="right") - 1
    within = np.empty(len(rows), np.int64)
    named = []
    for number, part in enumerate(held):
        own = parts == number
        within[own] = np.arange(own.sum())
        named.append(part.named.taken(rows[own] - starts[number]))
    return named, parts, within


def _columns(held: Sequence[Held]) -> Iterator[Floats]:
    for label in range(held[0].scores.shape[1]):
        yield np.concatenate([part.scores[:, label] for part in held])
