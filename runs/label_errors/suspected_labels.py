"""List samples whose labels may be wrong: those that networks which never learned from them contradict with certainty.

A sample's suspicion is 1 - its score of the given label, averaged over the runs that held it out: Northcutt, Jiang and
Chuang, J. Artif. Intell. Res. 70 (2021) 1373-1411, call that score self-confidence. Brings NumPy and Arrow: a web
process loads it with the first list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from runs.evaluation import class_scores
from runs.evaluation.class_scores import NoScores
from runs.models import FinalResult, Run
from runs.statistics.roc import Flags, Floats, Ints

MOST_SCORES = 50_000_000  # of all runs together
REMEMBERED = 4  # lists
TOO_MANY = f"These runs have more than {MOST_SCORES:,} scores together; choose fewer runs."
OTHER_DATA = "It was trained on other data, or on another version of them, than run {first}."
OTHER_CLASSES = "Its classes are not those of run {first}."
NO_RESULT = "It has no final result yet."
NO_IDS = "Its predictions name no samples."


class Member(NamedTuple):
    """A run of the list; `problem` says why its predictions are not used."""

    run_id: int
    name: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class Suspect:
    """A sample that at least one run contradicts; `run_id`, `split` and `place` say where one predicted it."""

    sample_id: str
    patient_id: str | None
    file: str | None
    given: int
    suggested: int
    suspicion: float
    wrong: int
    runs: int
    run_id: int
    split: str
    place: int


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The suspects, the most suspicious first, among `samples` held out; `relabelled` have several given labels."""

    members: tuple[Member, ...]
    class_names: tuple[str, ...] = ()
    samples: int = 0
    relabelled: int = 0
    suspects: Sequence[int] = field(default=())
    _rows: _Rows | None = None

    def described(self, start: int, count: int) -> list[Suspect]:
        """Describe `count` of the suspects from `start` on."""
        rows = self._rows
        return [rows.suspect(at) for at in self.suspects[start : start + count]] if rows else []


@dataclass(frozen=True, slots=True)
class _Held:
    """What one run predicted of the samples that it held out; `places` are those of the rows among their splits'."""

    run_id: int
    ids: pa.Array
    patients: pa.Array
    files: pa.Array | None
    splits: pa.Array
    places: Ints
    labels: Ints
    scores: Floats
    wrong: Flags


@dataclass(frozen=True, slots=True)
class _Rows:
    """All predictions, combined by sample: sums over the runs, and where each sample's first prediction is."""

    held: Sequence[_Held]
    given: Ints
    scores: Floats  # sums, for each sample and class
    wrong: Ints
    runs: Ints
    first: Ints  # among all rows of all runs, one after the other

    @property
    def suspicion(self) -> Floats:
        """1 - the mean score of the given label."""
        return 1 - self.scores[np.arange(len(self.given)), self.given] / self.runs

    def suspect(self, at: int) -> Suspect:
        """Describe one sample."""
        row, part = int(self.first[at]), 0
        while row >= len(self.held[part].labels):
            row, part = row - len(self.held[part].labels), part + 1
        held, others = self.held[part], self.scores[at].copy()
        others[self.given[at]] = -1
        return Suspect(
            sample_id=str(held.ids[row].as_py()),
            patient_id=held.patients[row].as_py(),
            file=None if held.files is None else held.files[row].as_py(),
            given=int(self.given[at]),
            suggested=int(others.argmax()),
            suspicion=float(1 - self.scores[at, self.given[at]] / self.runs[at]),
            wrong=int(self.wrong[at]),
            runs=int(self.runs[at]),
            run_id=held.run_id,
            split=held.splits[row].as_py(),
            place=int(held.places[row]),
        )


def suspicion(runs: Sequence[Run]) -> Suspicion:
    """Compare the given labels with what the runs predicted of samples that they held out. Raises NoScores, StoreError.

    The first run with a result says which data and classes the list is of; others are left out, with the reason.
    """
    key = tuple((run.pk, run.attempt, run.status) for run in runs)
    return _suspicion(key)


@lru_cache(maxsize=REMEMBERED)
def _suspicion(key: tuple[tuple[int, int, str], ...]) -> Suspicion:
    found = Run.objects.in_bulk([run_id for run_id, _, _ in key])
    members: list[Member] = []
    held: list[_Held] = []
    first: tuple[Run, tuple[str, ...]] | None = None
    for run in (found[run_id] for run_id, _, _ in key if run_id in found):
        result = FinalResult.objects.filter(run=run).order_by("pk").first()
        problem = _problem(run, result, first)
        if result and problem is None:
            first = first or (run, tuple(result.class_names))
            try:
                held.append(_read(run, result, sum(part.scores.size for part in held)))
            except NoScores as error:
                problem = str(error)
        members.append(Member(run.pk, run.experiment_name, problem))
    return _combined(tuple(members), first[1], held) if first and held else Suspicion(tuple(members))


def _problem(run: Run, result: FinalResult | None, first: tuple[Run, tuple[str, ...]] | None) -> str | None:
    if result is None or run.status not in Run.ENDED:
        return NO_RESULT
    if first is None:
        return None
    if (run.dataset_hash or run.source_path) != (first[0].dataset_hash or first[0].source_path):
        return OTHER_DATA.format(first=first[0].pk)
    return None if tuple(result.class_names) == first[1] else OTHER_CLASSES.format(first=first[0].pk)


def _read(run: Run, result: FinalResult, before: int) -> _Held:
    names = result.class_names
    two = len(names) == 2
    columns = ["score"] if two else [f"score_{name}" for name in names]
    with class_scores.opened(run.pk) as file:
        if before + file.metadata.num_rows * len(names) > MOST_SCORES:
            raise NoScores(TOO_MANY)
        known = [name for name in ("sample_id", "patient_id", "file") if name in file.schema_arrow.names]
        table = file.read(columns=["split", "label", *known, *columns]).combine_chunks()
        found = [np.asarray(table[name].to_numpy(), dtype=np.float64) for name in columns]
        labels = np.asarray(table["label"].to_numpy(), dtype=np.int64)
    if "sample_id" not in known or table["sample_id"].null_count or not table.num_rows:
        raise NoScores(NO_IDS)
    scores = np.column_stack([1 - found[0], found[0]] if two else found)
    if not np.isfinite(scores).all() or labels.min() < 0 or labels.max() >= len(names):
        raise NoScores(class_scores.UNREADABLE)
    threshold = 0.5 if result.threshold is None else result.threshold
    said = (scores[:, 1] >= threshold).astype(np.int64) if two else scores.argmax(axis=1)
    texts = {name: _texts(table, name) for name in ("sample_id", "patient_id", "split")}
    return _Held(
        run_id=run.pk,
        ids=texts["sample_id"],
        patients=texts["patient_id"],
        files=_texts(table, "file") if "file" in known else None,
        splits=texts["split"],
        places=_places(texts["split"]),
        labels=labels,
        scores=scores,
        wrong=said != labels,
    )


def _places(splits: pa.Array) -> Ints:
    """Return where each row is among those of its split."""
    names, places = np.asarray(splits.to_pylist(), dtype=str), np.empty(len(splits), np.int64)
    for name in np.unique(names):
        rows = names == name
        places[rows] = np.arange(rows.sum())
    return places


def _texts(table: pa.Table, name: str) -> pa.Array:
    if name not in table.column_names:
        return pa.nulls(table.num_rows, pa.string())
    column = table[name].cast(pa.string())
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _combined(members: tuple[Member, ...], class_names: tuple[str, ...], held: Sequence[_Held]) -> Suspicion:
    """Sum over the runs, sample by sample, and sort those that a run contradicts."""
    every = pa.concat_arrays([part.ids for part in held]).dictionary_encode()
    codes = np.asarray(every.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    count = len(every.dictionary)
    labels = np.concatenate([part.labels for part in held])
    first = np.full(count, len(codes))
    np.minimum.at(first, codes, np.arange(len(codes)))
    given = labels[first]
    changed = np.bincount(codes, weights=labels != given[codes], minlength=count) > 0
    rows = _Rows(
        held=held,
        given=given,
        scores=np.column_stack([np.bincount(codes, weights=column, minlength=count) for column in _columns(held)]),
        wrong=np.bincount(codes, weights=np.concatenate([part.wrong for part in held]), minlength=count).astype(
            np.int64
        ),
        runs=np.bincount(codes, minlength=count),
        first=first,
    )
    suspects = np.flatnonzero((rows.wrong > 0) & ~changed)
    order = suspects[np.argsort(-rows.suspicion[suspects], kind="stable")]
    return Suspicion(members, class_names, count, int(changed.sum()), order.tolist(), rows)


def _columns(held: Sequence[_Held]) -> Iterator[Floats]:
    for label in range(held[0].scores.shape[1]):
        yield np.concatenate([part.scores[:, label] for part in held])
