"""Runs of each kind with predictions, and the figures of one of them, drawn once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.utils import timezone

from experiments.models import ExternalTest, ModelJob
from experiments.reports.drawing import requests
from experiments.reports.drawing.plots import AnyPlot, Drawn
from runs.evaluation import class_scores, final_curves
from runs.models import Run
from tests.runs.conftest import MakeRun, add_epoch, add_final, completed_columns, make_run

__all__ = ["make_run"]

LABELS = np.arange(120) % 3
NASTY = "<script>alert(1)</script> & “eight”"
POINT = {"samples": 60, "low": 0.1, "high": 0.4, "mean_score": 0.25, "share": 0.2, "ci_low": 0.12, "ci_high": 0.31}
STATISTICS: dict[str, float | None] = {
    "final_auroc_cm": 0.8123,
    "final_auroc_cm_ci_low": 0.7011,
    "final_auroc_cm_ci_high": 0.8899,
    "final_average_precision": 0.5,
    "final_sensitivity": 0.8,
    "final_sensitivity_ci_low": 0.49,
    "final_sensitivity_ci_high": 0.943,
    "final_specificity": 0.9444,
}
OF_THREE: dict[str, float | None] = {
    "final_accuracy_cm": 0.75,
    "final_auroc_cm": 0.7,
    **{f"final_auroc_cm/{name}": value for name, value in zip("abc", (0.6, 0.7, 0.8), strict=True)},
}
READING: dict[str, Any] = {
    "layout": "class_folders",
    "patients": {"count": 40, "source": "folder", "name": "", "why": "Each folder is a patient."},
    "pixels": {"size": 28, "size_why": "", "channels": 1, "channels_why": "", "scale": "Grey as it is."},
    "subgroups": [{"column": "site", "rule": "values as they are", "learned": False, "groups": {"A": 120, "B": 120}}],
    "columns": [],
    "findings": [{"code": "x", "level": "warning", "text": "One file was cut off."}],
}
PREFLIGHT = {
    "counts": [{"split": "train", "classes": [400, 200], "total": 600}],
    "patients": {"count": 40, "across": [], "across_count": 0, "splits": {"train": 25, "val": 7, "test": 8}},
    "duplicates": {"tallies": [{"groups": 2, "across": 1}], "groups": [], "group_count": 2, "complete": True},
}


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    final_curves._curves.cache_clear()
    class_scores.read.cache_clear()


@pytest.fixture
def draws_nothing(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[AnyPlot]]:
    """Draw nothing, which takes seconds; return what should have been drawn."""
    asked: list[Sequence[AnyPlot]] = []

    def drawn(plots: Sequence[AnyPlot]) -> list[Drawn]:
        asked.append(plots)
        return [Drawn(name=plot.name, svg=f"<svg>{plot.name}</svg>".encode(), png=b"PNG") for plot in plots]

    monkeypatch.setattr(requests, "drawn", drawn)
    return asked


def binary_run(make_run: MakeRun, *splits: str, **columns: Any) -> Run:
    """Make an image run of two classes with patients, subgroups and predictions in these splits."""
    splits = splits or ("val", "test")
    run = make_run(**completed_columns() | {"final_split": splits[-1]} | columns)
    for split in splits:
        add_final(run, split, STATISTICS, confusion_matrix=[[76, 4], [8, 32]], patients=8, reliability=[POINT])
    for epoch in range(3):
        add_epoch(
            run, epoch, {"train_loss": 1 / (epoch + 1), "val_loss": 1.5 / (epoch + 1), "val_auroc": 0.5 + epoch / 9}
        )
    logits = np.random.default_rng(3).normal(size=120) + (LABELS == 1)
    part = {
        "label": (LABELS == 1).astype(int),
        "patient_id": [f"P{place % 8}" for place in range(120)],
        "score": 1 / (1 + np.exp(-logits)),
        "logit": logits,
        "subgroup_site": ["AB"[place % 2] for place in range(120)],
    }
    _write(run, *(part | {"split": [split] * 120} for split in splits))
    _write_json(run, "reading.json", READING)
    _write_json(run, "preflight.json", PREFLIGHT)
    return run


def run_of_three(make_run: MakeRun, **columns: Any) -> Run:
    """Make a table run of three classes without patients, whose test split was evaluated."""
    run = make_run(**completed_columns() | columns)
    matrix = [[30, 5, 5], [5, 30, 5], [5, 5, 30]]
    add_final(run, "test", OF_THREE, class_names=["a", "b", "c"], confusion_matrix=matrix, threshold=None)
    logits = np.random.default_rng(4).normal(size=(120, 3)) + 2 * np.eye(3)[LABELS]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    part = {"split": ["test"] * 120, "label": LABELS, "patient_id": [None] * 120}
    part |= {f"score_{name}": scores[:, place] for place, name in enumerate("abc")}
    part |= {f"logit_{name}": logits[:, place] for place, name in enumerate("abc")}
    _write(run, part)
    return run


def _write(run: Run, *parts: dict[str, Any]) -> None:
    run.folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.concat_tables([pa.table(part) for part in parts]), run.folder / "predictions.parquet")


def _write_json(run: Run, name: str, value: Any) -> None:
    Path(run.folder / name).write_bytes(msgspec.json.encode(value))


def add_external_test(run: Run, *, attempt: int = 1, overlap: str = "none", **changed: Any) -> ExternalTest:
    """Add an external test of two classes, made at the run's own threshold, with the numbers that a report shows.

    `overlap` is the level; `changed` replaces details.
    """
    point = {"threshold": 0.5, "log_odds": None, "rule": "own", "number": None}
    statistics = {"final_auroc_cm": 0.71, "final_auroc_cm_ci_low": 0.6, "final_auroc_cm_ci_high": 0.8}
    kept = point | {
        "statistics": statistics, "class_names": ["not 8", "8"], "confusion_matrix": [[40, 10], [10, 40]],
        "samples": 100, "patients": 12, "reliability": [], "by_patient": None,
    }  # fmt: skip
    shown: dict[str, Any] = point | {"classes": [], "overlap": overlap, "statistics": statistics, "rechosen": None}
    details: dict[str, Any] = {
        "rechosen": None, "internal": None, "warnings": ["Another scanner."],
        "overlap": {"level": overlap, "texts": ["The numbers are no external test."] if overlap == "same" else []},
    } | changed  # fmt: skip
    return ExternalTest.objects.create(
        run=run,
        number=ExternalTest.objects.filter(run=run).count() + 1,
        job=ModelJob.objects.create(run=run, owner=run.owner, kind="external_test", status="done"),
        owner=run.owner,
        created_at=timezone.now(),
        name="Chur",
        attempt=attempt,
        source_path="/data/secret/chur.csv",
        samples=100,
        patients=12,
        class_names=["not 8", "8"],
        headline=shown,
        kept=kept,
        details=details | {"shift": {"prevalence_texts": ["Prevalence rises."], "score_texts": []}},
    )
