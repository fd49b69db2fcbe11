"""Write a run's numbers as files in its folder, each whole or not at all (`atomic_files`).

| file | content |
|---|---|
| `config.json` | the resolved configuration, before the training starts |
| `metrics.csv` | one row per epoch; an unknown number is an empty cell |
| `metadata.json` | what was trained, on what, with which versions |
| `results.json` | checkpoint, trainer state, history, final statistics, best values, times |
| `predictions.parquet` | the predictions behind the final statistics, as the training wrote them |
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from runs import atomic_files, clock, queries
from runs.events import EarlyStopped, format_time, time_or_null
from runs.files import stored_files
from runs.models import Run, RunMetric
from runs.serializers import final_split
from runs.statistics.metric_names import EPOCH_METRICS, TEST_METRICS, is_count
from runs.stored_config import StoredConfig

NAMES = ("config.json", "metrics.csv", "metadata.json", "results.json", "predictions.parquet")


def write_config(run: Run) -> None:
    """Write `config.json`. Raises OSError."""
    _write_json(run, "config.json", run.config)


def export(run: Run) -> None:
    """Write the other files from the database; the row of `run` must be fresh. Repeatable. Raises OSError."""
    history = queries.epoch_history(run.pk)
    atomic_files.write(run.folder / "metrics.csv", _table(_with_test(run, history)).encode())
    _write_json(run, "metadata.json", _metadata(run))
    _write_json(run, "results.json", _results(run, history))
    predictions = run.folder / "attempts" / str(run.attempt) / "predictions.parquet"
    if predictions.is_file():
        atomic_files.publish(predictions, run.folder / "predictions.parquet")


def publish(run: Run) -> None:
    """Store the files of a run that is not running, from its folder. Raises Fenced, StoreError, OSError."""
    for name in NAMES:
        stored_files.publish_file(run, name, stored_files.NOT_RUNNING)


def _write_json(run: Run, name: str, value: Any) -> None:
    """Write JSON, NaN and infinity as null."""
    atomic_files.write(run.folder / name, msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def _table(history: Iterable[Mapping[str, Any]]) -> str:
    """Write CSV with the same columns for every run, in the order of `metric_names`; other metrics come last."""
    rows = list(history)
    own = {name for row in rows for name in row} - {"epoch", *EPOCH_METRICS, *TEST_METRICS}
    columns = ["epoch", *EPOCH_METRICS, *TEST_METRICS, *sorted(own)]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(name, row.get(name)) for name in columns] for row in rows)
    return text.getvalue()


def _cell(name: str, value: float | None) -> str:
    """Format a value: `repr` loses no digit, counts are whole numbers, unknown is empty."""
    if value is None:
        return ""
    return str(int(value)) if name == "epoch" or is_count(name) else repr(value)


def _with_test(run: Run, history: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the test split's numbers to the row of the epoch whose checkpoint they evaluate."""
    final = RunMetric.objects.filter(run=run, context="final", metric_name__startswith="test_", class_name="")
    numbers: dict[int, dict[str, Any]] = {}
    for epoch, name, value in final.values_list("epoch", "metric_name", "value"):
        numbers.setdefault(epoch, {})[name] = value
    return [row | numbers.get(row["epoch"], {}) for row in history]


def _metadata(run: Run) -> dict[str, Any]:
    """Describe the run without its status: the files are written before the run is completed."""
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
        "dataset": run.dataset,
        "model": run.model,
        "notes": run.notes,
        "config": run.config,
    }


def _results(run: Run, history: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "run_id": run.pk,
        "checkpoint": {
            "path": run.best_checkpoint or None,
            "monitor": run.monitor,
            "mode": StoredConfig(run.config).mode,
            "score": run.best_value,
            "epoch": run.best_epoch,
        },
        "trainer": _trainer_state(run),
        "metrics_history": history,
        "final_stats": {result.split: final_split(result) for result in queries.final_results(run.pk)},
        "metadata": {
            "epochs_trained": run.total_epochs,
            "best_epoch": run.best_epoch,
            "best_value": run.best_value,
            "best_val_recall": run.best_val_recall,
            "best_val_recall_epoch": run.best_val_recall_epoch,
            "best_val_loss": run.best_val_loss,
            "best_val_loss_epoch": run.best_val_loss_epoch,
            "training_seconds": _training_seconds(run),
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
