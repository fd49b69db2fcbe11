"""List the samples on which only one of two runs decides rightly, the clearest first.

Brings NumPy and Arrow: a web process loads it with the first comparison.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from runs.comparison import paired_samples
from runs.comparison.compared_runs import Deciding, NotComparable, deciding
from runs.models import Run
from runs.statistics.evaluated import Evaluated
from runs.statistics.roc import Floats, Ints
from runs.wording.spreadsheet_cells import csv_line

PAGE_SIZE = 50
REMEMBERED = 8  # pairs of runs; each holds the samples that differ
SIDES = ("reference", "run")
"""The run that is right."""
HEAD = (
    "right",
    "sample_id",
    "patient_id",
    "label",
    "reference_predicted",
    "reference_score",
    "run_predicted",
    "run_score",
)


class Flipped(NamedTuple):
    """A sample: its class, what each of the runs calls it, and the scores of the positive, or of its own class."""

    sample_id: str
    patient_id: str | None
    label: str
    reference_predicted: str
    reference_score: float
    run_predicted: str
    run_score: float


def flipped_samples(runs: Sequence[Run], split: str, right: str, page: int) -> dict[str, Any]:
    """Answer with a page of those on which `right` alone decides rightly, of the reference and one other run."""
    told: dict[str, Any] = {
        "split": split,
        "reference": runs[0].pk,
        "run": runs[1].pk,
        "right": right,
        "totals": None,
        "page": page,
        "pages": None,
        "results": [],
        "problem": None,
    }
    try:
        found = _flipped(deciding(runs, split), split)
    except NotComparable as error:
        return told | {"problem": str(error)}
    shown = found[right][(page - 1) * PAGE_SIZE :][:PAGE_SIZE]
    return told | {
        "totals": {side: len(found[side]) for side in SIDES},
        "pages": max(1, -(-len(found[right]) // PAGE_SIZE)),
        "results": [sample._asdict() for sample in shown],
    }


def csv_lines(runs: Sequence[Run], split: str) -> Iterator[str]:
    """Write all of them, line by line. Raises NotComparable, StoreError, before the first line."""
    found = _flipped(deciding(runs, split), split)
    return _lines(found)


def _lines(found: dict[str, list[Flipped]]) -> Iterator[str]:
    yield csv_line(HEAD)
    for side in SIDES:
        for sample in found[side]:
            yield csv_line((side, *sample))


@lru_cache(maxsize=REMEMBERED)
def _flipped(those: tuple[Deciding, ...], split: str) -> dict[str, list[Flipped]]:
    """Find the samples of both sides: what these attempts evaluated does not change."""
    samples = paired_samples.shared_samples(those, split)
    reference, run = (paired_samples.evaluated_by(one, samples) for one in those)
    right = {"reference": reference.predicted == samples.targets, "run": run.predicted == samples.targets}
    apart = np.abs(_of_truth(reference) - _of_truth(run))
    found = {}
    for side, other in zip(SIDES, reversed(SIDES), strict=True):
        places = np.flatnonzero(right[side] & ~right[other])
        found[side] = _told(those, samples, (reference, run), places[np.argsort(-apart[places], kind="stable")])
    return found


def _of_truth(split: Evaluated) -> Floats:
    """Return the score of each sample's own class."""
    if split.scores.ndim == 1:
        return np.asarray(np.where(split.targets == 1, split.scores, 1 - split.scores), dtype=np.float64)
    return np.asarray(split.scores[np.arange(len(split.targets)), split.targets], dtype=np.float64)


def _told(
    those: Sequence[Deciding],
    samples: paired_samples.SharedSamples,
    splits: tuple[Evaluated, Evaluated],
    places: Ints,
) -> list[Flipped]:
    scores = [(split.scores if split.scores.ndim == 1 else _of_truth(split))[places].tolist() for split in splits]
    called = [split.predicted[places].tolist() for split in splits]
    named = [[one.class_names[label] for label in labels] for one, labels in zip(those, called, strict=True)]
    own = [those[0].class_names[label] for label in samples.targets[places].tolist()]
    ids = samples.ids.take(places).to_pylist()
    patients = samples.patient_ids.take(places).to_pylist()
    return [Flipped(*row) for row in zip(ids, patients, own, named[0], scores[0], named[1], scores[1], strict=True)]
