"""Read which of several classes each sample was said to be, piece by piece, from `predictions.parquet`.

Brings NumPy and Arrow: a web process loads it with the first evaluation that is looked at.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from runs.evaluation import class_scores
from runs.evaluation.class_scores import NoScores, Origin
from runs.files import predictions_file
from runs.statistics.roc import Floats, Ints

MOST_SCORES = 50_000_000
REMEMBERED = 4  # splits; each holds 24 bytes for a sample
TOO_MANY = f"The run predicted more than {MOST_SCORES:,} scores: its errors are not listed."


class Said(NamedTuple):
    """The samples of one split: their classes, those they were said to be, and the scores of the latter."""

    labels: Ints
    said: Ints
    scores: Floats


@lru_cache(maxsize=REMEMBERED)
def read(origin: Origin, attempt: int, split: str, class_names: tuple[str, ...]) -> Said:  # noqa: ARG001
    """Read the class with the highest score of each sample: what an attempt wrote does not change.

    Raises NoScores, StoreError.
    """
    columns = [f"score_{name}" for name in class_names]
    parts = []
    with class_scores.opened(origin) as found:
        if found.metadata.num_rows * len(columns) > MOST_SCORES:
            raise NoScores(TOO_MANY)
        size = max(1, class_scores.VALUES_AT_ONCE // len(columns))
        for batch in found.iter_batches(size, columns=["split", "label", *columns]):
            rows = class_scores.of_split(batch, split)
            scores = np.column_stack([predictions_file.numbers(rows[name]) for name in columns])
            said = scores.argmax(axis=1) if len(scores) else np.empty(0, np.int64)
            parts.append(
                (predictions_file.numbers(rows["label"]).astype(np.int64), said, scores[np.arange(len(said)), said])
            )
    labels, said, scores = (np.concatenate(columns) for columns in zip(*parts, strict=True)) if parts else _NOTHING
    if not len(labels) or not np.isfinite(scores).all():
        raise NoScores(class_scores.UNREADABLE)
    return Said(labels, said, scores)


_NOTHING = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
