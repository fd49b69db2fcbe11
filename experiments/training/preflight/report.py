"""The pre-flight report: what is known of a training's data, and of one batch of it, before the training starts.

It is `preflight.json` of a run, and the answer to a dry run. It stays small however large the data are: lists show the
first few, and a number beside them counts all. Pure: no torch, no NumPy.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from experiments.training.data.column_facts import ColumnFacts
from experiments.training.data.splits import SplitName

Verdict: TypeAlias = Literal["ready", "warnings", "blocked"]
Level: TypeAlias = Literal["blocks", "warning", "info"]
Kind: TypeAlias = Literal["exact", "copy", "near"]


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all parts of the report."""


class Finding(Part, frozen=True, kw_only=True):
    """One thing to know, in a sentence that names counts, examples and the cure; `blocks` ends the run."""

    code: str
    level: Level
    text: str


class SplitCounts(Part, frozen=True, kw_only=True):
    """`classes` has one count for each of the data set's classes, in label order."""

    split: SplitName
    classes: list[int]
    total: int


class Size(Part, frozen=True, kw_only=True):
    width: int
    height: int
    count: int


class Mode(Part, frozen=True, kw_only=True):
    """`name` is Pillow's: L is grey, RGB colour, I;16 sixteen bits."""

    name: str
    count: int


class Unreadable(Part, frozen=True, kw_only=True):
    name: str
    problem: str


class Images(Part, frozen=True, kw_only=True):
    """The files as they were found, the most frequent `sizes` and `modes` first. The network sees squares of `pixels`

    with `channels`.
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
    """Samples that are the same or nearly so. `across`: they are in several splits; `conflict`: of several classes."""

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
    """All groups of one kind."""

    kind: Kind
    groups: int
    samples: int
    across: int
    conflicts: int
    leaks: list[Leak]


class Duplicates(Part, frozen=True, kw_only=True):
    """`exact`: the same pixels as the network gets them, or rows with the same telling values; `copy`: the same picture

    saved, resized or brightened anew; `near`: alike, or rows that may be of two people. `groups` has the worst first.
    `complete` is False when so much is alike that not all near pairs were looked for.
    """

    tallies: list[Tally]
    groups: list[Group]
    group_count: int
    complete: bool


class PatientAcross(Part, frozen=True, kw_only=True):
    id: str
    splits: list[SplitName]


class Patients(Part, frozen=True, kw_only=True):
    """`across` are those in several splits."""

    count: int
    across: list[PatientAcross]
    across_count: int


class Table(Part, frozen=True, kw_only=True):
    """The columns that have something to be said of come first."""

    columns: list[ColumnFacts]
    column_count: int


class Trial(Part, frozen=True, kw_only=True):
    """Real batches, forward and backward and step, on the device that the training will use.

    `memory_bytes` is the peak of the process, data included; `gpu_bytes` what torch allocated of the GPU's
    `gpu_total_bytes`. Times are in seconds; `first_batch_seconds` has everything that is done once.
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
    """What the report took, in seconds."""

    reading: float
    comparing: float
    trial: float


class Preflight(Part, frozen=True, kw_only=True):
    """The whole report. What was not reached is null: the trial of a run that is blocked, images of a table."""

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


def verdict(findings: list[Finding]) -> Verdict:
    """Of all findings together."""
    levels = {finding.level for finding in findings}
    return "blocked" if "blocks" in levels else "warnings" if "warning" in levels else "ready"
