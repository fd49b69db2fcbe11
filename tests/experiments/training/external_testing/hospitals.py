"""A small run of a table of one hospital, the tables of others, and external tests of it in this process."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.training.contract.reports import Message
from experiments.training.external_testing.asked import INTERNAL, SPLIT_FILE, Asked
from experiments.training.external_testing.overlap import Known
from experiments.training.recipes.model_jobs import external_test
from tests.experiments.training.prediction.trained import Trained, trained

COLUMNS = "id,patient,site,age,marker,outcome\n"


def rows(seed: int, number: int, *, positives: float, first: int, shift: float = 0.0) -> str:
    """Write patients with two rows each; the marker says more of the outcome than the age."""
    random = np.random.default_rng(seed)
    lines = []
    for row in range(number):
        ill = random.random() < positives
        marker = random.normal(1.2 if ill else 0.0) + shift
        site = "north" if row % 3 else "south"
        lines.append(
            f"r{first + row},p{(first + row) // 2},{site},{random.normal(60, 9):.1f},{marker:.3f},"
            f"{'ill' if ill else 'well'}"
        )
    return COLUMNS + "\n".join(lines) + "\n"


def hospital(home: Path) -> Trained:
    """Train on 160 rows of one hospital."""
    (home / "here.csv").write_text(rows(1, 160, positives=0.3, first=0), encoding="utf-8")
    data = {"id_column": "id", "target_column": "outcome", "patient_column": "patient", "ignore_columns": ["site"]}
    return trained(home / "here.csv", home, data={**data, "test_fraction": 0.3, "val_fraction": 0.3})


def evaluate(
    model: Trained,
    text: str,
    folder: Path,
    asked: dict[str, Any] | None = None,
    *,
    stop: threading.Event | None = None,
    **data: Any,
) -> tuple[dict[str, Any], pa.Table, list[Message]]:
    """Carry the external test out in this process; return its result, its predictions and its messages."""
    (folder / "there.csv").write_text(text, encoding="utf-8")
    run_dir = folder / "job"
    (run_dir / "inputs").mkdir(parents=True)
    shutil.copy(Path(model.job.run_dir, "attempts", "1", "predictions.parquet"), run_dir / "inputs" / INTERNAL)
    shutil.copy(Path(model.job.run_dir, "split.csv"), run_dir / "inputs" / SPLIT_FILE)
    known = Known(split_file=str(run_dir / "inputs" / SPLIT_FILE), source=model.job.config["source_path"])  # type: ignore[arg-type]
    options = Asked(**{"internal_split": "test", "known": known, **(asked or {})})
    own: Any = model.job.config["data"]
    job = msgspec.structs.replace(
        model.job,
        config={**model.job.config, "source_path": str(folder / "there.csv"), "data": {**own, **data}},
        run_dir=str(run_dir),
        data_roots=[str(folder)],
        model=model.source,
        options=msgspec.to_builtins(options),
    )
    messages: list[Message] = []
    found = external_test.run(job, messages.append, stop or threading.Event())  # type: ignore[arg-type]
    return found, pq.read_table(run_dir / "predictions.parquet"), messages
