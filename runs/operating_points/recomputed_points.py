"""Choose the operating points of an ended run from its stored predictions: of older runs, and for costs.

Brings NumPy and Arrow: a web process loads it with the first request.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from runs.comparison import stored_scores
from runs.events import OperatingPoint
from runs.models import Run
from runs.statistics.evaluated import Evaluated
from runs.statistics.intervals.patients import patient_codes
from runs.statistics.operating_points.applying import applied_points
from runs.statistics.operating_points.choosing import chosen_points
from runs.statistics.predictions import evaluated

REMEMBERED = 64  # answers; each holds some hundred numbers
BySplit: TypeAlias = dict[str, list[dict[str, Any]]]


class NotKept(Exception):
    """The run has no predictions of two classes; it is not remembered, for a file may still come."""


Given: TypeAlias = Mapping[str, Fraction]


def recomputed_points(run: Run, threshold: float | None, given: Given | None = None) -> BySplit | None:
    """Return the points of each split; None without usable predictions. Raises StoreError."""
    try:
        return _computed(run.pk, run.attempt, threshold, tuple(sorted((given or {}).items())))
    except NotKept:
        return None


def evaluated_splits(run: Run, threshold: float | None) -> dict[str, Evaluated]:
    """Put together the samples of each split from the predictions; empty without usable ones. Raises StoreError."""
    table = stored_scores.rows(run, ("split", "patient_id", "label", "score"), optional=("logit",))
    found = {} if table is None else {name: _split(table, name, threshold) for name in ("val", "test")}
    return {name: split for name, split in found.items() if split is not None}


@lru_cache(maxsize=REMEMBERED)
def _computed(run_id: int, _attempt: int, threshold: float | None, given: tuple[tuple[str, Fraction], ...]) -> BySplit:
    """Compute the points: what an attempt has evaluated does not change."""
    splits = evaluated_splits(Run.objects.get(pk=run_id), threshold)
    if "val" not in splits:
        raise NotKept
    chosen = chosen_points(splits["val"], threshold, dict(given))
    points = {"val": chosen} | ({"test": applied_points(splits["test"], chosen)} if "test" in splits else {})
    return {split: _plain(found) for split, found in points.items()}


def _split(table: pa.Table, name: str, threshold: float | None) -> Evaluated | None:
    """Put together the samples of a split; None without samples, or with scores that are not finite."""
    found = table.filter(pc.equal(table["split"], name))
    scores = np.asarray(found["score"].to_numpy(), dtype=np.float64)
    if not len(scores) or not np.isfinite(scores).all():
        return None
    logits = np.asarray(found["logit"].to_numpy(), dtype=np.float64) if "logit" in found.column_names else None
    return evaluated(
        scores,
        np.asarray(found["label"].to_numpy(), dtype=np.int64),
        threshold=threshold,
        logits=logits,
        patients=patient_codes(found["patient_id"].to_pylist()),
    )


def _plain(points: list[OperatingPoint]) -> list[dict[str, Any]]:
    plain: list[dict[str, Any]] = msgspec.to_builtins(points)
    return plain
