"""Runs with predictions of the same samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from runs.comparison import auroc_differences, flipped_samples, paired_report
from runs.models import Run
from tests.runs.conftest import MakeRun, add_final, completed_columns

LABELS = np.array([0, 1] * 40)
Evaluate = Callable[..., Run]


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    for remembered in (auroc_differences._compared, paired_report._compared, flipped_samples._flipped):
        remembered.cache_clear()


@pytest.fixture
def evaluate(make_run: MakeRun) -> Evaluate:
    """Return `evaluate(scores, labels=…, …)`: a completed run with these scores of the test split, in random order."""

    def make(scores: Any, **changed: Any) -> Run:
        run = make_run(**completed_columns() | {"dataset_hash": changed.pop("data", "a")})
        names: Sequence[str] = changed.pop("class_names", ["not 8", "8"])
        add_final(run, "test", {}, class_names=names, threshold=changed.pop("threshold", None))
        scores = np.asarray(scores, np.float64)
        size = len(scores)
        columns: dict[str, Any] = {
            "split": ["test"] * size,
            "sample_id": [f"s{number:03d}" for number in range(size)],
            "patient_id": pa.array([None] * size, pa.string()),
            "label": LABELS[:size],
        }
        if scores.ndim == 1:
            columns["score"] = scores
        else:
            columns |= {f"score_{name}": scores[:, label] for label, name in enumerate(names)}
        run.folder.mkdir(parents=True, exist_ok=True)
        table = pa.table(columns | changed).take(np.random.default_rng(run.pk).permutation(size))
        pq.write_table(table, run.folder / "predictions.parquet")
        return run

    return make
