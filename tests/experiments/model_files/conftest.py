"""A run that was trained on rows, and jobs whose files are there without any export."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from experiments.model_files import requests
from experiments.model_files.file_names import name_of
from experiments.models import ModelJob
from runs import lifecycle
from runs.models import FinalResult, Run
from tests.experiments.training.exporting.exported import train_rows
from tests.experiments.training.prediction.trained import Trained
from tests.realtime.writing import running_run

CONTENT = b"a model"
PLATT = {"name": "platt", "problem": None, "parameters": {"slope": 1.5, "intercept": -0.25}}
Finish = Callable[..., ModelJob]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Train once on rows."""
    return train_rows(tmp_path_factory.mktemp("rows") / "home")


@pytest.fixture
def run(user: User) -> Run:
    """Make a run of two classes that has ended, with its evaluation."""
    run = running_run(user)
    lifecycle.end(run.pk, run.attempt, "completed", None)
    columns = {
        "recalibration": {"methods": [PLATT]},
        "best_checkpoint": "best.ckpt",
        "model_name": "mlp",
        "source_path": "/data/secret/hospital.csv",
        "dataset_hash": "cd" * 32,
    }
    Run.objects.filter(pk=run.pk).update(**columns)
    for split in ("val", "test"):
        FinalResult.objects.create(
            run=run,
            split=split,
            epoch=0,
            threshold=0.5,
            class_names=["no", "yes"],
            confusion_matrix=[[1, 0], [0, 1]],
            statistics={"final_auroc": 0.75, "final_auroc_ci_low": 0.5},
        )
    return Run.objects.get(pk=run.pk)


@pytest.fixture
def real_run(run: Run, rows: Trained) -> Run:
    """Give the run the files of one that was trained."""
    shutil.copytree(rows.job.run_dir, run.folder)
    checkpoint = Path(rows.source.checkpoint).relative_to(rows.job.run_dir)
    Run.objects.filter(pk=run.pk).update(best_checkpoint=checkpoint.as_posix(), config=rows.job.config)
    return Run.objects.get(pk=run.pk)


@pytest.fixture
def finish() -> Finish:
    """Return a function that ends a job as if its process had written the file."""

    def end(job: ModelJob, content: bytes = CONTENT, **result: Any) -> ModelJob:
        job.folder.mkdir(parents=True)
        (job.folder / name_of(job)).write_bytes(content)
        file = {"name": name_of(job), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        ModelJob.objects.filter(pk=job.pk).update(
            status=ModelJob.Status.DONE,
            result={"kind": "table", "samples": 12, "deviation": 3e-8} | result,
            files=[file],
            ended_at=timezone.now(),
        )
        return ModelJob.objects.get(pk=job.pk)

    return end


@pytest.fixture
def made(run: Run, user: User, finish: Finish) -> ModelJob:
    """Make a job whose ONNX file is there."""
    return finish(requests.ask(run, user, "onnx", "CC BY 4.0").job)
