"""Runs with all files that using a model takes, written by hand: nothing was trained, and no network can be loaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from runs.models import Run

CLASSES = ["benign", "malignant"]
IMAGE = {"kind": "image", "size": 64, "channels": 1, "mode": "L", "jpeg_draft": [64, 64]}
FEATURES = """name,kind,column,category,median,mean,deviation
age,number,age,,41,40,9
site: A,category,site,A,0,0.5,0.5
"""
PLATT = {"methods": [{"name": "platt", "parameters": {"slope": 1.0, "intercept": -1.0}, "problem": None}]}


def store(run: Run, kind: str = "image", **columns: Any) -> Run:
    """Write the files of an ended run's model, and say in its row that there is one."""
    folder = Path(run.folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "best.ckpt").write_bytes(b"weights")
    preprocessing = IMAGE if kind == "image" else {"kind": "table"}
    output = {"classes": CLASSES, "positive": CLASSES[1], "scores": "sigmoid", "threshold": 0.5}
    inference = {"preprocessing": preprocessing, "network": {"name": "small_cnn"}, "output": output}
    (folder / "inference.json").write_text(json.dumps(inference))
    (folder / "reading.json").write_text("{}")
    if kind == "table":
        (folder / "features.csv").write_text(FEATURES)
    else:
        schema = pa.schema([("sample_id", pa.string())], metadata={b"livetrain.images": b"{}"})
        pq.write_table(schema.empty_table(), folder / "predictions.parquet")
    Run.objects.filter(pk=run.pk).update(best_checkpoint="best.ckpt", recalibration=PLATT, **columns)
    run.refresh_from_db()
    return run
