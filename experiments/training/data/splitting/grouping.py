"""Split by whole patients: no patient in two splits, and each class as near to its share as the patients allow."""

from __future__ import annotations

import random
from collections.abc import Hashable, Mapping, Sequence
from typing import Generic, TypeAlias, TypeVar

from experiments.training.contract import splits
from experiments.training.contract.splits import Shares, SplitName

Counts: TypeAlias = list[int]  # samples per class
Part = TypeVar("Part", bound=Hashable)


def people(patients: Sequence[str | None]) -> list[Hashable]:
    """Return the person of each sample: its patient, or itself, by its position, where the patient is not known."""
    return [at if patient is None else patient for at, patient in enumerate(patients)]


def are_shared(patients: Sequence[str | None]) -> bool:
    """Return whether several samples have one patient."""
    known = [patient for patient in patients if patient is not None]
    return len(set(known)) < len(known)


def assign(labels: Sequence[int], patients: Sequence[Hashable], shares: Shares, seed: int) -> list[SplitName]:
    """Assign a split to each sample; needs `splits.needed` patients of every class."""
    return place(labels, patients, _wanted(labels, shares), seed)


def place(
    labels: Sequence[int], patients: Sequence[Hashable], wanted: Mapping[Part, Sequence[float]], seed: int
) -> list[Part]:
    """Assign a part to each sample; `wanted` are the numbers of samples of each class in each part.

    Patients with many samples are placed first, each where it lowers the chi-square distance to the wanted sizes most;
    the seed decides the order of equal ones.
    """
    counts_of = _counts(labels, patients)
    order = list(counts_of)
    random.Random(f"{seed}/split").shuffle(order)  # noqa: S311
    order.sort(key=lambda patient: -sum(counts_of[patient]))
    ledger = _Ledger(wanted)
    for patient in order:
        ledger.place(patient, counts_of[patient])
    ledger.fill_gaps(order, counts_of)
    return [ledger.part_of[patient] for patient in patients]


class _Ledger(Generic[Part]):
    """The part of each patient, and the resulting number of samples of each class in each part."""

    def __init__(self, wanted: Mapping[Part, Sequence[float]]) -> None:
        self.part_of: dict[Hashable, Part] = {}
        self._wanted = wanted
        self._held: dict[Part, Counts] = {part: [0] * len(counts) for part, counts in wanted.items()}

    def place(self, patient: Hashable, counts: Counts) -> None:
        """Put the patient into the part where it lowers the distance most."""
        self._put(patient, counts, max(self._wanted, key=lambda part: self._gain(part, counts)))

    def fill_gaps(self, patients: Sequence[Hashable], counts_of: Mapping[Hashable, Counts]) -> None:
        """Move a patient into each part without a sample of some class, where that leaves no other gap."""
        for part, wanted in self._wanted.items():
            for label in range(len(wanted)):
                if self._held[part][label]:
                    continue
                fitting = [p for p in patients if counts_of[p][label] and self._can_leave(p, counts_of[p])]
                if fitting:
                    best = max(fitting, key=lambda patient: self._gain_of_move(patient, counts_of[patient], part))
                    self._put(best, counts_of[best], part)

    def _put(self, patient: Hashable, counts: Counts, part: Part) -> None:
        if patient in self.part_of:
            self._add(self.part_of[patient], counts, -1)
        self._add(part, counts, 1)
        self.part_of[patient] = part

    def _gain(self, part: Part, counts: Counts) -> float:
        """Compute how much the samples would lower the distance, the sum of (held - wanted)^2 / wanted."""
        rows = zip(counts, self._held[part], self._wanted[part], strict=True)
        return sum(n * (2 * (wanted - held) - n) / wanted for n, held, wanted in rows if n)

    def _gain_of_move(self, patient: Hashable, counts: Counts, part: Part) -> float:
        return self._gain(part, counts) + self._gain(self.part_of[patient], [-n for n in counts])

    def _can_leave(self, patient: Hashable, counts: Counts) -> bool:
        return all(held > n for n, held in zip(counts, self._held[self.part_of[patient]], strict=True) if n)

    def _add(self, part: Part, counts: Counts, sign: int) -> None:
        self._held[part] = [held + sign * n for held, n in zip(self._held[part], counts, strict=True)]


def _counts(labels: Sequence[int], patients: Sequence[Hashable]) -> dict[Hashable, Counts]:
    counts_of: dict[Hashable, Counts] = {}
    classes = max(labels) + 1
    for label, patient in zip(labels, patients, strict=True):
        counts_of.setdefault(patient, [0] * classes)[label] += 1
    return counts_of


def _wanted(labels: Sequence[int], shares: Shares) -> dict[SplitName, Counts]:
    """Compute the samples of each class in each requested split, as if each sample were its own patient."""
    sizes = [splits.sizes(labels.count(label), shares) for label in range(max(labels) + 1)]
    wanted: dict[SplitName, Counts] = {
        "train": [size.train for size in sizes],
        "val": [size.val for size in sizes],
        "test": [size.test for size in sizes],
    }
    return {split: counts for split, counts in wanted.items() if any(counts)}
