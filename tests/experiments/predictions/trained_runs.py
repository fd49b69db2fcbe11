"""Runs in the database whose files are those of a training that the tests share."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.contrib.auth.models import User
from django.utils import timezone

from runs import lifecycle
from runs.models import Run
from tests.experiments.training.prediction.trained import Trained, trained

__all__ = ["PLATT", "Trained", "run_of", "trained"]

PLATT = {"slope": 2.0, "intercept": -1.0}
RECALIBRATION = {"methods": [{"name": "platt", "parameters": PLATT, "problem": None}]}
"""As the server stores it; the tests' trainings have too few samples for a fit."""


def run_of(found: Trained, owner: User) -> Run:
    """Store a completed run with a copy of the training's files."""
    run = lifecycle.create(owner, dict(found.job.config))
    shutil.copytree(found.job.run_dir, run.folder, dirs_exist_ok=True)
    shutil.copytree(Path(found.job.run_dir, "attempts", "1"), run.folder, dirs_exist_ok=True)  # as at its end
    Run.objects.filter(pk=run.pk).update(
        status=Run.Status.COMPLETED,
        attempt=1,
        best_checkpoint=str(Path(found.source.checkpoint).relative_to(found.job.run_dir)),
        recalibration=RECALIBRATION,
        start_time=timezone.now(),
        end_time=timezone.now(),
    )
    run.refresh_from_db()
    return run
