"""Runs in the database whose files are those of a real training."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from django.contrib.auth.models import User

from runs.models import Run
from tests.experiments.training.prediction.conftest import of_pictures, of_rows
from tests.experiments.training.prediction.trained import Trained

__all__ = ["of_pictures", "of_rows"]

MakeTrainedRun = Callable[..., Run]


@pytest.fixture
def trained_run(user: User) -> MakeTrainedRun:
    """Return `trained_run(trained, …)`, which makes a completed run with its files; columns may be changed."""

    def make(trained: Trained, **columns: object) -> Run:
        source = trained.source
        defaults: dict[str, object] = {
            "owner": user,
            "experiment_name": "a test",
            "source_path": trained.job.config["source_path"],
            "config": trained.job.config,
            "seed": 42,
            "max_epochs": 1,
            "monitor": "val_auroc",
            "status": Run.Status.COMPLETED,
            "attempt": 1,
            "best_checkpoint": str(Path(source.checkpoint).relative_to(trained.job.run_dir)),
            "recalibration": msgspec.to_builtins(trained.recalibrated),
        }
        run = Run.objects.create(**defaults | columns)
        shutil.copytree(trained.job.run_dir, run.folder)
        shutil.move(run.folder / "attempts" / "1" / "predictions.parquet", run.folder / "predictions.parquet")
        return run

    return make
