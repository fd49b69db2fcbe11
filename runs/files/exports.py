"""Write a run's numbers as files in its folder, each whole or not at all (`atomic_files`).

Workers and commands write them, a web process only what users save (`decided_files`): the tables bring pandas
(`runs.statistics.epoch_table`), which is loaded with the first run that is exported.

| file | content |
|---|---|
| `config.json` | the resolved configuration, before the training starts |
| `metrics.csv` | one row per epoch; an unknown number is an empty cell |
| `metadata.json` | what was trained, on what, by what, and how |
| `results.json` | checkpoint, trainer state, history, final statistics, best values, times |
| `recalibration.json` | how scores become probabilities: everything that applying it needs |
| `operating_point.json` | the operating points that users saved with it; a web process writes it too |
| `inference.json` | of it `decision` alone; the rest is what the training wrote |
| `predictions.parquet` | the predictions behind the final statistics, as the training wrote them |
| `error_pictures.zip` | small pictures of the most confident errors, as the training wrote them |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from django.db.models import QuerySet

from runs import atomic_files, clock, queries
from runs.evaluated_splits import split_looks
from runs.events import EarlyStopped, format_time, time_or_null
from runs.files import decided_files, point_file, stored_files, training_files
from runs.files.json_parts import formatted
from runs.models import Run, RunMetric
from runs.saved_points.saved_point_json import current_point
from runs.serializers import final_split, operating_points, split_use
from runs.statistics.recalibration.methods import without_knots
from runs.stored_config import StoredConfig

PREDICTIONS, PICTURES = OF_AN_ATTEMPT = ("predictions.parquet", "error_pictures.zip")
"""What the process of the training itself wrote at the end of its attempt."""
WRITTEN_BY_TRAININGS = ("attempts", "checkpoints")
"""Folders into which nothing but the processes of trainings writes."""
NAMES = (
    "config.json",
    "metrics.csv",
    "metadata.json",
    "results.json",
    "recalibration.json",
    point_file.NAME,
    *OF_AN_ATTEMPT,
)

RECORDS = ("reading.json", "preflight.json", "inference.json", "features.csv", "split.csv")
"""What the training itself wrote of its data and their way into the network."""
SUBGROUPS = "subgroups.json"
"""What it wrote of groups of samples, where columns were kept."""
INFERENCE = ("preprocessing", "network", "output")
"""The parts of `inference.json`, which `metadata.json` repeats."""


def write_config(run: Run) -> None:
    """Write `config.json`. Raises OSError."""
    _write_json(run, "config.json", run.config)


def export(run: Run) -> None:
    """Write the other files from the database; the row of `run` must be fresh. Repeatable. Raises OSError."""
    from runs.statistics import epoch_table  # noqa: PLC0415

    values = epoch_table.long_table(run.epoch_values())
    test = epoch_table.long_table(_test_values(run))
    with atomic_files.replacing(run.folder / "metrics.csv") as temporary:
        epoch_table.write_csv(temporary, epoch_table.wide_table(values), epoch_table.wide_table(test))
    _write_json(run, "metadata.json", _metadata(run))
    _write_json(run, "results.json", _results(run, epoch_table.records(values)))
    if run.recalibration is not None:
        _write_json(run, "recalibration.json", run.recalibration)
    point_file.write(run)
    decided_files.write_inference(run)
    _publish_attempt(run)


def _publish_attempt(run: Run) -> None:
    """Publish what this attempt wrote; pictures of an earlier one do not stay beside its predictions."""
    written = {name: run.folder / "attempts" / str(run.attempt) / name for name in OF_AN_ATTEMPT}
    found = [name for name, path in written.items() if path.is_file()]
    for name in found:
        atomic_files.publish(written[name], run.folder / name)
    if PREDICTIONS in found and PICTURES not in found:
        (run.folder / PICTURES).unlink(missing_ok=True)


def remove_unfinished(run: Run) -> None:
    """Remove what killed trainings of the run wrote half, a checkpoint or pictures; none may be going on."""
    for folder in WRITTEN_BY_TRAININGS:
        atomic_files.remove_unfinished(run.folder / folder)


def publish(run: Run) -> None:
    """Store the files of a run that is not running, from its folder. Raises Fenced, StoreError, OSError."""
    for name in NAMES:
        stored_files.publish_file(run, name, stored_files.NOT_RUNNING)
    decided_files.publish_inference(run, stored_files.NOT_RUNNING)


def _write_json(run: Run, name: str, value: Any) -> None:
    atomic_files.write(run.folder / name, formatted(value))


def _test_values(run: Run) -> QuerySet[RunMetric, tuple[int, str, float | None]]:
    """Select the test split's numbers, each with the epoch whose checkpoint they evaluate."""
    final = RunMetric.objects.filter(run=run, context="final", metric_name__startswith="test_", class_name="")
    return final.values_list("epoch", "metric_name", "value")


def _metadata(run: Run) -> dict[str, Any]:
    """Describe the run without its status: the files are written before the run is completed."""
    inference = training_files.read_object(run, "inference.json")
    return {
        "run_id": run.pk,
        "experiment_name": run.experiment_name,
        "training_mode": run.training_mode,
        "source_path": run.source_path,
        "dataset_hash": run.dataset_hash,
        "owner": run.owner.username,
        "created_at": format_time(run.created_at),
        "start_time": time_or_null(run.start_time),
        "exported_at": format_time(clock.now()),
        "attempts": run.attempt,
        "group_id": run.group_id,
        "fold": run.fold,
        "folds": run.folds,
        "seed": run.seed,
        "git_commit": run.git_commit or None,
        "versions": run.versions,
        "execution": run.execution,
        "dataset": run.dataset,
        "model": run.model,
        "notes": run.notes,
        "config": run.config,
        **{name: inference.get(name) for name in INFERENCE},
        "files": training_files.present(run, (*RECORDS, SUBGROUPS)),
    }


def _results(run: Run, history: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Collect what the training found. `trainer`, `epochs_trained`, `training_seconds` are names of version 0.1."""
    trainer, seconds = _trainer_state(run), _training_seconds(run)
    evaluated = queries.final_results(run.pk)
    return {
        "run_id": run.pk,
        "checkpoint": {
            "path": run.best_checkpoint or None,
            "monitor": run.monitor,
            "mode": StoredConfig(run.config).mode,
            "score": run.best_value,
            "epoch": run.best_epoch,
        },
        "trainer_state": trainer,
        "trainer": trainer,
        # Encoded one by one: a million numbers are a tenth of the memory as text
        "metrics_history": [msgspec.Raw(msgspec.json.encode(row)) for row in history],
        "final_stats": {result.split: final_split(result) for result in evaluated},
        "operating_points": operating_points(evaluated),
        "operating_point": current_point(run),
        "recalibration": without_knots(run.recalibration),
        "subgroups": training_files.read_object(run, SUBGROUPS) or None,
        "test_split": split_use(split_looks.of_run(run.pk)) if run.final_split == "test" else None,
        "metadata": {
            "run_id": run.pk,
            "total_epochs": run.total_epochs,
            "best_epoch": run.best_epoch,
            "best_value": run.best_value,
            "best_val_recall": run.best_val_recall,
            "best_val_recall_epoch": run.best_val_recall_epoch,
            "best_val_loss": run.best_val_loss,
            "best_val_loss_epoch": run.best_val_loss_epoch,
            "training_time_seconds": seconds,
            "execution": run.execution,
            "epochs_trained": run.total_epochs,
            "training_seconds": seconds,
        },
    }


def _trainer_state(run: Run) -> dict[str, Any]:
    """Describe the trainer as of the last complete epoch; `global_step` counts optimizer steps."""
    stopped = queries.last_event(run.pk, EarlyStopped.type)
    return {
        "current_epoch": run.current_epoch,
        "max_epochs": run.max_epochs,
        "global_step": run.last_checkpoint_step,
        "stopped_early": stopped is not None,
        "early_stopping": msgspec.json.decode(stopped.data) if stopped else None,
        "last_checkpoint": run.last_checkpoint or None,
        "last_checkpoint_epoch": run.last_checkpoint_epoch,
    }


def _training_seconds(run: Run) -> float | None:
    """Return the time in all attempts, up to now while the run is ending; waiting in between does not count."""
    if run.duration_seconds is not None or run.attempt_start is None:
        return run.duration_seconds
    return run.spent_seconds + max(0.0, (clock.now() - run.attempt_start).total_seconds())
