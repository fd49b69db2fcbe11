"""The pre-flight report: what is known of a training's data, and of one batch of it, before the training starts.

It is `preflight.json` of a run, and the answer to a dry run. It stays small however large the data are: lists show the
first few, and a number beside them counts all. Pure: no torch, no NumPy.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from experiments.training.contract.column_facts import ColumnFacts
from experiments.training.contract.reading import Finding, Level, Part, Reading
from experiments.training.contract.splits import SplitName

Verdict: TypeAlias = Literal["ready", "warnings", "confirm", "blocked"]
Kind: TypeAlias = Literal["exact", "copy", "near"]
_VERDICTS: dict[Level, Verdict] = {"blocks": "blocked", "confirm": "confirm", "warning": "warnings"}


class SplitCounts(Part, frozen=True, kw_only=True):
    """The samples of one split: `classes` has one count per class of the data set, in label order."""

    split: SplitName
    classes: list[int]
    total: int


class Size(Part, frozen=True, kw_only=True):
    """How many image files have this size in pixels."""

    width: int
    height: int
    count: int


class Mode(Part, frozen=True, kw_only=True):
    """How many image files have this Pillow mode: L is grey, RGB colour, I;16 sixteen bits."""

    name: str
    count: int


class Unreadable(Part, frozen=True, kw_only=True):
    """An image file that cannot be read, and why."""

    name: str
    problem: str


class Images(Part, frozen=True, kw_only=True):
    """The files as they were found, the most frequent `sizes` and `modes` first.

    The network sees squares of `pixels` with `channels`.
    """

    pixels: int
    channels: int
    sizes: list[Size]
    different_sizes: int
    modes: list[Mode]
    unreadable: list[Unreadable]
    unreadable_count: int


class Twin(Part, frozen=True, kw_only=True):
    """One sample of a group of duplicates; `place` is its position in the order of the data set."""

    id: str
    split: SplitName
    label: str
    place: int


class Group(Part, frozen=True, kw_only=True):
    """Samples that are the same or nearly so.

    `across` means that they are in several splits, `conflict` that they have several classes.
    """

    kind: Kind
    likeness: float
    size: int
    across: bool
    conflict: bool
    samples: list[Twin]


class Leak(Part, frozen=True, kw_only=True):
    """`count` samples of the `later` split have a twin in the `earlier` one (train, then val, then test)."""

    earlier: SplitName
    later: SplitName
    count: int


class Tally(Part, frozen=True, kw_only=True):
    """The totals over all groups of one kind."""

    kind: Kind
    groups: int
    samples: int
    across: int
    conflicts: int
    leaks: list[Leak]


class Duplicates(Part, frozen=True, kw_only=True):
    """The groups of equal or similar samples, the worst first.

    `exact` samples have the same pixels as the network gets them, or are rows with the same distinctive values; `copy`
    is the same picture saved again, resized or brightened; `near` samples are alike, or rows that may be of two people.
    `complete` is False when so much is alike that the search for near pairs was cut short.
    """

    tallies: list[Tally]
    groups: list[Group]
    group_count: int
    complete: bool


class PatientAcross(Part, frozen=True, kw_only=True):
    """A patient in several splits."""

    id: str
    splits: list[SplitName]


class Patients(Part, frozen=True, kw_only=True):
    """The number of patients, and in `across` the first of those in several splits."""

    count: int
    across: list[PatientAcross]
    across_count: int


class Table(Part, frozen=True, kw_only=True):
    """The columns, those with something worth noting first."""

    columns: list[ColumnFacts]
    column_count: int


class Trial(Part, frozen=True, kw_only=True):
    """Timings of real batches, forward, backward and step, on the device that the training will use.

    `memory_bytes` is the peak of the process, data included; `gpu_bytes` what torch allocated of the GPU's
    `gpu_total_bytes`. Times are in seconds; `first_batch_seconds` includes everything that is done once.
    """

    device: str
    model: str
    parameters: int
    batch_size: int
    batches: int
    first_batch_seconds: float
    batch_seconds: float
    validation_batch_seconds: float
    batches_per_epoch: int
    epoch_seconds: float
    epochs: int
    total_seconds: float
    memory_bytes: int | None
    gpu_bytes: int | None
    gpu_total_bytes: int | None


class Cost(Part, frozen=True, kw_only=True):
    """The seconds that each part of the report took."""

    reading: float
    comparing: float
    trial: float


class Preflight(Part, frozen=True, kw_only=True):
    """The whole report; what was not reached is null: the trial of a blocked run, images of a table.

    A report of an older version has no `reading`.
    """

    verdict: Verdict
    findings: list[Finding]
    name: str
    classes: list[str]
    counts: list[SplitCounts]
    images: Images | None
    duplicates: Duplicates | None
    patients: Patients | None
    table: Table | None
    trial: Trial | None
    cost: Cost
    reading: Reading | None = None


def verdict(findings: list[Finding]) -> Verdict:
    """Derive the verdict from the worst finding."""
    levels = {finding.level for finding in findings}
    return next((verdict for level, verdict in _VERDICTS.items() if level in levels), "ready")


__all__ = ["Finding", "Level", "Part"]
