"""Describe the samples themselves: counts, files, patients, columns."""

from __future__ import annotations

from collections import Counter, defaultdict

import msgspec

from experiments.training.contract import preflight_report
from experiments.training.contract.column_facts import ColumnFacts
from experiments.training.contract.splits import SPLITS, SplitName
from experiments.training.data.loading import Samples

MAX_SIZES = 10
MAX_NAMES = 200
MAX_COLUMNS = 200
LETTERS = 200  # of a column's name


def counts(samples: Samples) -> list[preflight_report.SplitCounts]:
    """Count the samples per class of each split that has samples."""
    found = Counter(zip(samples.assigned, samples.labels, strict=True))
    rows = [(split, [found[split, label] for label in range(len(samples.classes))]) for split in SPLITS]
    return [preflight_report.SplitCounts(split=split, classes=row, total=sum(row)) for split, row in rows if sum(row)]


def images(samples: Samples) -> preflight_report.Images | None:
    """Describe the image files; None for a table."""
    headers = samples.header_counts
    if headers is None:
        return None
    return preflight_report.Images(
        pixels=samples.inputs.shape[-1],
        channels=samples.inputs.shape[1],
        sizes=[preflight_report.Size(width=w, height=h, count=n) for (w, h), n in headers.sizes.most_common(MAX_SIZES)],
        different_sizes=len(headers.sizes),
        modes=[preflight_report.Mode(name=name, count=count) for name, count in headers.modes.most_common()],
        unreadable=[
            preflight_report.Unreadable(name=name, problem=problem)
            for name, problem in list(headers.unreadable.items())[:MAX_NAMES]
        ],
        unreadable_count=len(headers.unreadable),
    )


def patients(samples: Samples) -> preflight_report.Patients | None:
    """Describe the patients; None where none are known."""
    splits_of: dict[str, set[SplitName]] = defaultdict(set)
    for patient, split in zip(samples.patient_ids, samples.assigned, strict=True):
        if patient is not None:
            splits_of[patient].add(split)
    if not splits_of:
        return None
    across = [(patient, parts) for patient, parts in splits_of.items() if len(parts) > 1]
    return preflight_report.Patients(
        count=len(splits_of),
        across=[
            preflight_report.PatientAcross(id=patient, splits=[split for split in SPLITS if split in parts])
            for patient, parts in across[:MAX_NAMES]
        ],
        across_count=len(across),
        splits={split: count for split in SPLITS if (count := sum(split in parts for parts in splits_of.values()))},
    )


def table(samples: Samples) -> preflight_report.Table | None:
    """Describe the columns; None for images."""
    if not samples.columns:
        return None
    ordered = sorted(samples.columns, key=_is_plain)
    shown = [msgspec.structs.replace(column, name=column.name[:LETTERS]) for column in ordered[:MAX_COLUMNS]]
    return preflight_report.Table(columns=shown, column_count=len(ordered))


def _is_plain(column: ColumnFacts) -> bool:
    return not (column.constant or column.missing or column.kind == "left out")
