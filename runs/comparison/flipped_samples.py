"""List the samples on which only one of two runs decides rightly, the clearest first.

Brings NumPy and Arrow: a web process loads it with the first comparison.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from runs.comparison import paired_samples
from runs.comparison.compared_runs import SIDES, Deciding, NotComparable, deciding
from runs.evaluation.remembered import remembered
from runs.models import Run
from runs.spreadsheets.neutral_cells import csv_line
from runs.statistics.evaluated import Evaluated
from runs.statistics.roc import Floats, Ints

PAGE_SIZE = 50
ROWS_AT_ONCE = 5_000  # of the table
REMEMBERED = 8  # pairs of runs; each holds the samples that differ
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


class Side(NamedTuple):
    """The samples on which one run alone is right, column by column; called and scores are of both runs."""

    names: tuple[tuple[str, ...], tuple[str, ...]]
    ids: pa.Array
    patients: pa.Array
    labels: Ints
    called: tuple[Ints, Ints]
    scores: tuple[Floats, Floats]

    def described(self, start: int, count: int) -> list[Flipped]:
        """Describe `count` of them from `start` on."""
        part = slice(start, start + count)
        called = [
            [names[label] for label in found[part].tolist()]
            for names, found in zip(self.names, self.called, strict=True)
        ]
        scores = [found[part].tolist() for found in self.scores]
        own = [self.names[0][label] for label in self.labels[part].tolist()]
        texts = [column[part].to_pylist() for column in (self.ids, self.patients)]
        return [Flipped(*row) for row in zip(*texts, own, called[0], scores[0], called[1], scores[1], strict=True)]


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
        found = _found(runs, split)
    except NotComparable as error:
        return told | {"problem": str(error)}
    shown = found[right].described((page - 1) * PAGE_SIZE, PAGE_SIZE)
    return told | {
        "totals": {side: len(found[side].labels) for side in SIDES},
        "pages": max(1, -(-len(found[right].labels) // PAGE_SIZE)),
        "results": [sample._asdict() for sample in shown],
    }


def csv_pieces(runs: Sequence[Run], split: str) -> tuple[bytes, Generator[bytes]]:
    """Write all of them: the head, and the rows piece by piece. Raises NotComparable, StoreError, at once."""
    return csv_line(HEAD).encode(), _pieces(_found(runs, split))


def _pieces(found: dict[str, Side]) -> Generator[bytes]:
    for side in SIDES:
        for start in range(0, len(found[side].labels), ROWS_AT_ONCE):
            rows = found[side].described(start, ROWS_AT_ONCE)
            yield "".join(csv_line((side, *sample)) for sample in rows).encode()


def _found(runs: Sequence[Run], split: str) -> dict[str, Side]:
    reference, run = deciding(runs, split)
    return _flipped((reference, run), split)


@remembered(REMEMBERED, in_turn=True)
def _flipped(those: tuple[Deciding, Deciding], split: str) -> dict[str, Side]:
    """Find the samples of both sides: what these attempts evaluated does not change."""
    samples = paired_samples.shared_samples(those, split)
    reference, run = (paired_samples.evaluated_by(one, samples) for one in those)
    right = {"reference": reference.predicted == samples.targets, "run": run.predicted == samples.targets}
    apart = np.abs(_of_truth(reference) - _of_truth(run))
    found = {}
    for side, other in zip(SIDES, reversed(SIDES), strict=True):
        places = np.flatnonzero(right[side] & ~right[other])
        found[side] = _side(those, samples, (reference, run), places[np.argsort(-apart[places], kind="stable")])
    return found


def _of_truth(split: Evaluated) -> Floats:
    """Return the score of each sample's own class."""
    if split.scores.ndim == 1:
        return np.asarray(np.where(split.targets == 1, split.scores, 1 - split.scores), dtype=np.float64)
    return np.asarray(split.scores[np.arange(len(split.targets)), split.targets], dtype=np.float64)


def _side(
    those: tuple[Deciding, Deciding],
    samples: paired_samples.SharedSamples,
    splits: tuple[Evaluated, Evaluated],
    places: Ints,
) -> Side:
    first, second = ((split.scores if split.scores.ndim == 1 else _of_truth(split))[places] for split in splits)
    return Side(
        names=(those[0].class_names, those[1].class_names),
        ids=samples.ids.take(places),
        patients=samples.patient_ids.take(places),
        labels=samples.targets[places],
        called=(splits[0].predicted[places], splits[1].predicted[places]),
        scores=(first, second),
    )
