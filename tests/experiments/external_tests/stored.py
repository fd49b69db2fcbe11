"""A run in the database whose model was trained, and an external test of it as a worker records it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from django.contrib.auth.models import User

from experiments.external_tests import recording
from experiments.models import ExternalTest, ModelJob
from experiments.training.contract.reports import Recalibrated
from runs import lifecycle
from runs.events import Event, FinalStats, TrainingStart
from runs.models import Run
from tests.experiments.training.external_testing.hospitals import evaluate, rows
from tests.experiments.training.prediction.trained import Trained
from tests.experiments.training.trainings import of_type
from tests.realtime.writing import store

OPTIONS = {
    "source_path": "there.csv", "name": "North clinic", "note": "Since 2025", "data": {"subgroup_columns": ["site"]},
    "site": "site", "threshold": "rechosen", "rule": "youden", "number": None,
}  # fmt: skip


@dataclass(frozen=True)
class Evaluated:
    """What one external test of the model has found, and its predictions."""

    result: dict[str, Any]
    predictions: Path


def evaluated_elsewhere(model: Trained, folder: Path) -> Evaluated:
    """Test on 120 rows of another hospital."""
    text = rows(2, 120, positives=0.5, first=1000, shift=0.8)
    asked = {"threshold": "rechosen", "rule": "youden", "site": "site", "points": _points(model)}
    result, _, _ = evaluate(model, text, folder, asked, subgroup_columns=["site"])
    return Evaluated(msgspec.json.decode(msgspec.json.encode(result)), folder / "job" / "predictions.parquet")


def _points(model: Trained) -> list[Any]:
    return next(event for event in of_type(model.messages, FinalStats) if event.split == "val").operating_points


def stored_run(model: Trained, user: User) -> Run:
    """Store the run whose model it is, as a server that trained it has it."""
    made = lifecycle.create(user, dict(model.job.config))
    run = lifecycle.claim(made.pk, "tester")
    assert run is not None
    events: list[Event] = [*of_type(model.messages, TrainingStart), *of_type(model.messages, FinalStats)]
    store(run, [received(event) for event in events])
    lifecycle.end(run.pk, run.attempt, "completed", None)
    shutil.copytree(model.job.run_dir, run.folder, dirs_exist_ok=True)
    shutil.copy(run.folder / "attempts" / "1" / "predictions.parquet", run.folder / "predictions.parquet")
    Run.objects.filter(pk=run.pk).update(
        best_checkpoint=str(Path(model.source.checkpoint).relative_to(model.job.run_dir)),
        recalibration=msgspec.to_builtins(of_type(model.messages, Recalibrated)[-1].found),
        dataset=msgspec.to_builtins(of_type(model.messages, TrainingStart)[0].dataset),
    )
    return Run.objects.get(pk=run.pk)


def received(event: Event) -> Event:
    """Return the event as a server has it from the training process: read from JSON, as its type says."""
    read: Event = msgspec.json.decode(msgspec.json.encode(event), type=type(event))
    return read


def add_test(run: Run, user: User, evaluated: Evaluated, **options: Any) -> ExternalTest:
    """Record an external test as a worker does."""
    job = ModelJob.objects.create(
        run=run, owner=user, kind="external_test", options={**OPTIONS, **options}, status=ModelJob.Status.DONE
    )
    job.folder.mkdir(parents=True)
    shutil.copy(evaluated.predictions, job.folder)
    return recording.add(job, evaluated.result)
