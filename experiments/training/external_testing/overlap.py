"""Find out whether another data set holds what a run was trained on, as far as stored facts tell.

What is compared: the content hash of the data set, the ids of samples, and the ids of patients. Equal hashes are the
same data for certain; equal ids may be a coincidence, as where both number their rows from 1.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from experiments.training.contract.splits import SPLITS
from runs.spreadsheets.neutral_cells import original

MOST_NAMED = 5
MOST_CHARACTERS = 2**20  # of a cell


class Shared(msgspec.Struct, frozen=True, kw_only=True):
    """How many different ids of the other data occur in each split of the run, and some that were trained on."""

    train: int = 0
    val: int = 0
    test: int = 0
    examples: list[str] = []

    @property
    def seen(self) -> int:
        """How many were trained or chosen on."""
        return self.train + self.val


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """What the other data and those of the run have in common.

    `level` is `same` where the contents are the same for certain, `likely` where samples or patients of the training
    occur by their ids, else `none`. `unchecked` says in words what could not be compared.
    """

    level: Literal["same", "likely", "none"]
    samples: Shared = Shared()
    patients: Shared = Shared()
    texts: list[str] = []
    unchecked: list[str] = []


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of the run's own data: their hash and source, and the path of its `split.csv`; None: not known."""

    content_hash: str | None = None
    source: str | None = None
    split_file: str | None = None


def overlap(
    known: Known,
    *,
    content_hash: str | None,
    source: str | None,
    sample_ids: Sequence[str],
    patient_ids: Sequence[str | None],
) -> Overlap:
    """Compare the other data with those of the run. Raises OSError where `split.csv` cannot be read."""
    if same := _same(known, content_hash, source):
        return Overlap(level="same", texts=[same])
    unchecked = []
    if not (known.content_hash and content_hash):
        unchecked.append("The contents were not compared: not both are registered data sets, which have a hash.")
    if known.split_file is None:
        unchecked.append("The ids were not compared: this run has no split.csv any more.")
        return Overlap(level="none", unchecked=unchecked)
    samples, patients = _ids(Path(known.split_file))
    shared, people = _shared(samples, sample_ids), _shared(patients, (one for one in patient_ids if one is not None))
    if not any(patients.values()) or all(one is None for one in patient_ids):
        unchecked.append("Patients were not compared: not both data sets say whose their samples are.")
    texts = [
        *_texts(people, "patients", "patient"),
        *_texts(shared, "samples", "id"),
    ]
    level: Literal["likely", "none"] = "likely" if shared.seen or people.seen else "none"
    return Overlap(level=level, samples=shared, patients=people, texts=texts, unchecked=unchecked)


def _same(known: Known, content_hash: str | None, source: str | None) -> str | None:
    """Say that the data are the same, where they are."""
    if known.content_hash and known.content_hash == content_hash:
        return (
            f"This is the data set that the run was trained on: its content has the same hash ({content_hash[:12]}…). "
            "The numbers are no external test."
        )
    if known.source and known.source == source:
        return "This is the source that the run was trained on. The numbers are no external test."
    return None


def _ids(path: Path) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Read the ids of samples and of patients of each split."""
    samples: dict[str, set[str]] = {split: set() for split in SPLITS}
    patients: dict[str, set[str]] = {split: set() for split in SPLITS}
    csv.field_size_limit(MOST_CHARACTERS)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            split = row.get("split")
            if split not in samples:
                continue
            samples[split].add(original(row["sample_id"]))
            if patient := row.get("patient_id"):
                patients[split].add(original(patient))
    return samples, patients


def _shared(known: dict[str, set[str]], ids: Iterable[str]) -> Shared:
    others = set(ids)
    found = {split: known[split] & others for split in SPLITS}
    counts = {split: len(these) for split, these in found.items()}
    examples = sorted(found["train"] | found["val"])[:MOST_NAMED]
    return Shared(examples=examples, **counts)


def _texts(shared: Shared, what: str, by: str) -> list[str]:
    if not shared.seen:
        return []
    named = ", ".join(shared.examples)
    more = "" if shared.seen <= len(shared.examples) else ", …"
    coincidence = (
        " Where both number theirs alike, that is a coincidence; else take them out."
        if by == "id"
        else " Take them out."
    )
    return [
        f"{shared.seen:,} {what} of these data occur in the training or validation split of the run, by their "
        f"{'ids' if by == 'id' else 'patient ids'} ({named}{more}): the network has seen them, and the numbers are "
        f"optimistic.{coincidence}"
    ]
