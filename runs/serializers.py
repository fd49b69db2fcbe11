"""Convert runs to JSON: plain functions from rows to dicts, for the REST API, the WebSocket and the pages alike.

Unknown is null. Times are UTC, ISO 8601 with `Z`. Epochs are 0-based.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from runs.evaluated_splits import split_looks
from runs.evaluated_splits.split_looks import Looks
from runs.events import envelope, format_time, time_or_null
from runs.models import FinalResult, Run, RunEvent
from runs.queries import Series
from runs.saved_points.saved_point_json import current_point
from runs.scheduling.forecast import Place, forecast
from runs.scheduling.queue_report import place_fields
from runs.statistics.matrix_statistics import Matrix, Number, macro_facts
from runs.statistics.metric_names import COUNTS
from runs.statistics.recalibration.methods import without_knots
from runs.summaries.run_rows import RunRow
from runs.wording.looks_text import looks_text
from runs.wording.operating_point_text import described_points
from runs.wording.patient_text import patient_words

ACTIONS = ("cancel", "finish", "kill", "move", "priority", "resume", "retry", "clone", "delete", "restore")
IDENTITY_DIGITS = 12  # of a test split, of 64


def run_summaries(runs: Sequence[Run | RunRow]) -> list[dict[str, Any]]:
    """Build the summaries; the queue is read once if any of the runs is queued."""
    queue = forecast() if any(run.status == Run.Status.QUEUED for run in runs) else None
    return [run_summary(run, queue.of(run.pk) if queue else None) for run in runs]


def run_summary(run: Run | RunRow, place: Place | None = None) -> dict[str, Any]:
    """Build one line of a list from the columns and tags of `queries.with_summary` or `run_rows`.

    It asks no further queries. `place` is the run's in the queue, null without.
    """
    owner, project, tags = _names(run)
    return {
        "id": run.pk,
        "run_id": run.pk,
        "experiment_name": run.experiment_name,
        "training_mode": run.training_mode,
        "source_path": run.source_path,
        "model_name": run.model_name or None,
        "tags": tags,
        "status": run.status,
        "priority": run.priority,
        "queued_at": time_or_null(run.queued_at),
        **place_fields(place),
        "reason": run.reason,
        "notes": run.notes,
        "group_id": run.group_id,
        "fold": run.fold,
        "folds": run.folds,
        "replaced": run.replaced,
        "owner": owner,
        "project": project,
        "project_id": run.project_id,
        "created_at": format_time(run.created_at),
        "deleted_at": time_or_null(run.deleted_at),
        "start_time": time_or_null(run.start_time),
        "end_time": time_or_null(run.end_time),
        "duration_seconds": run.duration_seconds,
        "spent_seconds": run.spent_seconds,
        "attempt_start": time_or_null(run.attempt_start),
        "stop_request": run.stop_request or None,
        "origin": run.origin_id,
        "attempt": run.attempt,
        "last_seq": run.last_seq,
        "progress": {
            "fraction": run.progress,
            "epoch": run.current_epoch,
            "max_epochs": run.max_epochs,
            "samples_per_second": run.samples_per_second,
            "eta_seconds": run.eta_seconds,
        },
        "monitor": run.monitor,
        "best": {
            "epoch": run.best_epoch,
            "value": run.best_value,
            "val_recall": run.best_val_recall,
            "val_recall_epoch": run.best_val_recall_epoch,
            "val_loss": run.best_val_loss,
            "val_loss_epoch": run.best_val_loss_epoch,
        },
        "final": _headline(run),
        "links": links(run.pk) | _links_to_group(run.group_id),
    }


def _names(run: Run | RunRow) -> tuple[str, str, list[str]]:
    """Return the names of the run's owner and project, and its tags."""
    if isinstance(run, RunRow):
        return run.owner_name, run.project_name, run.tag_names
    return run.owner.username, run.project.name, [tag.name for tag in run.tag_rows.all()]


def run_detail(run: Run) -> dict[str, Any]:
    """Build everything known of one run except journal, metrics and files; reads the queue if it is queued."""
    return run_summary(run, forecast().of(run.pk) if run.status == Run.Status.QUEUED else None) | {
        "description": run.description,
        "revision": run.revision,
        "revised_by": run.revised_by.username if run.revised_by else None,
        "revised_at": time_or_null(run.revised_at),
        "config": run.config,
        "versions": run.versions,
        "seed": run.seed,
        "git_commit": run.git_commit or None,
        "execution": run.execution,
        "recalibration": without_knots(run.recalibration),
        "operating_point": current_point(run),
        "dataset": run.dataset,
        "dataset_hash": run.dataset_hash,
        "positive_class": positive_class((run.dataset or {}).get("classes", [])),
        "model": run.model,
        "total_epochs": run.total_epochs,
        "best_checkpoint": run.best_checkpoint or None,
        "last_checkpoint": run.last_checkpoint or None,
        "test_split": split_use(split_looks.of_run(run.pk)) if run.final_split == "test" else None,
    }


def split_use(found: Looks | None) -> dict[str, Any] | None:
    """Build how often a test split was looked at, in numbers and words; None where that was not counted."""
    if found is None:
        return None
    return {
        "identity": found.identity[:IDENTITY_DIGITS],
        "looks": found.looks,
        "runs": found.runs,
        "folds": found.folds,
        "order": found.order,
        "first": format_time(found.first),
        "best_of": found.best_of,
        "text": looks_text(found.looks, found.runs, folds=found.folds, order=found.order, best_of=found.best_of),
    }


def positive_class(classes: Sequence[str]) -> str | None:
    """Return the class that scores and statistics stand for: of two, label 1; None unless there are two."""
    return classes[1] if len(classes) == 2 else None


def links(run_id: int) -> dict[str, str]:
    """Return the run's paths on this server; a test compares them with the URL names."""
    api = f"/api/runs/{run_id}/"
    return {
        "self": api,
        "metrics": f"{api}metrics/",
        "series": f"{api}series/",
        "snapshot": f"{api}snapshot/",
        "events": f"{api}events/",
        "final_stats": f"{api}final-stats/",
        "operating_points": f"{api}operating-points/",
        "operating_point": f"{api}operating-point/",
        "test_split": f"{api}test-split/",
        "hints": f"{api}hints/",
        "reading": f"{api}reading/",
        "log": f"{api}log/",
        "files": f"{api}files/",
        **{action: f"{api}{action}/" for action in ACTIONS},
        "page": f"/runs/{run_id}/",
        "websocket": f"/ws/runs/{run_id}/",
    }


def group_links(group_id: int) -> dict[str, str]:
    """Return the group's paths on this server."""
    return {
        "self": f"/api/runs/groups/{group_id}/",
        "runs": f"/api/runs/?group={group_id}",
        "page": f"/groups/{group_id}/",
    }


def event_envelope(event: RunEvent, data: str | None = None) -> str:
    """Build one journal row's message, with `data` in place of its own where they are given."""
    return envelope(
        type_=event.type,
        run_id=event.run_id,
        seq=event.seq,
        attempt=event.attempt,
        timestamp=event.timestamp,
        data=event.data if data is None else data,
    )


def journal_page(events: Iterable[RunEvent], last_seq: int, status: str) -> dict[str, Any]:
    """Build one page of the journal; `last_seq` is the next request's `after`."""
    envelopes = [msgspec.Raw(event_envelope(event)) for event in events]
    return {"events": envelopes, "last_seq": last_seq, "status": status}


def metric_series(series: Iterable[Series]) -> list[dict[str, Any]]:
    """Build two columns per series, `epochs` and `values`, of equal length.

    Series are told apart by name, split, context (`epoch`, or `final` for the best checkpoint's evaluation) and class
    (null: the whole split); those of federated runs also by client and round.
    """
    return [
        {
            "name": one.metric_name,
            "split": one.dataset_type,
            "context": one.context,
            "class": one.class_name or None,
            "client_id": one.client_id,
            "round_id": one.round_id,
            "epochs": one.epochs,
            "values": one.values,
        }
        for one in series
    ]


def final_split(result: FinalResult) -> dict[str, Any]:
    """Build the best checkpoint's evaluation over one split; matrix rows are true, columns predicted classes."""
    return {
        "epoch": result.epoch,
        "threshold": result.threshold,
        "class_names": result.class_names,
        "positive_class": positive_class(result.class_names),
        "confusion_matrix": result.confusion_matrix,
        "statistics": result.statistics,
        "patients": result.patients,
        "reliability": result.reliability,
        "macro": macro(result.confusion_matrix, result.class_names, result.statistics),
        "by_patient": _by_patient(result),
    }


def _by_patient(result: FinalResult) -> dict[str, Any] | None:
    """Build the same with one sample for each patient, and say by which rule; None where it was not computed."""
    found = result.by_patient
    if found is None:
        return None
    words = patient_words(found["patients"], found["mixed"], len(result.class_names))
    return {**found, "macro": macro(found["confusion_matrix"], result.class_names, found["statistics"]), "text": words}


def operating_points(results: Iterable[FinalResult]) -> list[dict[str, Any]] | None:
    """Build the operating points of the evaluated splits, joined by rule; None where none are stored."""
    return described_points({result.split: result.operating_points for result in results})


def macro(matrix: Matrix, class_names: Sequence[str], statistics: Mapping[str, Number]) -> dict[str, Any] | None:
    """Describe over what the macro averages are; None for two classes, and where version 0.1 had another rule."""
    facts = macro_facts(matrix, class_names, statistics)
    return facts._asdict() if facts else None


def _headline(run: Run | RunRow) -> dict[str, Any] | None:
    if not run.final_split:
        return None
    return {
        "split": run.final_split,
        **{name: getattr(run, name) for name in COUNTS},
        "precision": run.final_precision,
        "recall": run.final_recall,
        "f1": run.final_f1,
        "auroc": run.final_auroc,
    }


def _links_to_group(group_id: int | None) -> dict[str, str]:
    if group_id is None:
        return {}
    found = group_links(group_id)
    return {"group": found["self"], "group_page": found["page"]}
