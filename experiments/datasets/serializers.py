"""Data sets and uploads as JSON: plain functions from rows to dicts. Unknown is null; times are UTC, ISO 8601."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from experiments.datasets import uploads
from experiments.datasets.lookup import spellings
from experiments.models import Dataset, Upload
from experiments.training.data.files.catalogue import PREFIX, Builtin
from runs.derived_models import ListedRun
from runs.events import format_time, time_or_null
from runs.models import Run
from runs.queries import may_change, may_see

RUNS_SHOWN = 20


def dataset_summary(dataset: Dataset, user: User | AnonymousUser) -> dict[str, Any]:
    """Return one line of a list; needs `owner`, `project` and `upload` and no further query."""
    return {
        "name": dataset.name,
        "source_path": dataset.source_path,
        "kind": dataset.kind,
        "state": dataset.state,
        "owner": dataset.owner.username,
        "project": dataset.project.name,
        "project_id": dataset.project_id,
        "may_change": may_change(user, dataset),
        "created_at": format_time(dataset.created_at),
        "checked_at": time_or_null(dataset.checked_at),
        "layout": dataset.layout or None,
        "files": dataset.files,
        "size": dataset.size,
        "classes": dataset.classes and [{"name": name, "samples": samples} for name, samples in dataset.classes],
        "content_hash": dataset.content_hash or None,
        "problem": dataset.problem,
        "progress": _progress(dataset),
        "report": _report(dataset),
        "links": links(dataset.name),
    }


def dataset_detail(dataset: Dataset, user: User | AnonymousUser) -> dict[str, Any]:
    """Return everything known of one data set; `path` is that of a registered one."""
    return (
        dataset_summary(dataset, user)
        | {
            "path": dataset.path if dataset.kind == Dataset.Kind.FOLDER else None,
            "preflight": _preflight(dataset),
        }
        | _runs_on(user, spellings(dataset), dataset.content_hash)
    )


def builtin_summary(builtin: Builtin) -> dict[str, Any]:
    """Return what the form of a new run shows of a built-in data set."""
    return {
        "source_path": PREFIX + builtin.name,
        "table": builtin.table,
        "about": builtin.about,
        "classes": [{"name": name, "samples": samples} for name, samples in builtin.counts.items()],
        "links": {"page": links(PREFIX + builtin.name)["page"]},
    }


def builtin_detail(builtin: Builtin, user: User | AnonymousUser) -> dict[str, Any]:
    """Return a built-in data set with the fields of any data set; nobody owns, checks or changes it."""
    unknown = (
        *("owner", "project", "project_id", "created_at", "checked_at", "layout", "files", "size", "content_hash"),
        *("problem", "progress", "report", "path", "preflight"),
    )
    name = PREFIX + builtin.name
    return (
        dict.fromkeys(unknown)
        | builtin_summary(builtin)
        | {"name": name, "kind": "builtin", "state": Dataset.State.READY, "may_change": False}
        | {"links": {part: url for part, url in links(name).items() if part != "check"}}
        | _runs_on(user, [name], None)
    )


def _runs_on(user: User | AnonymousUser, source_paths: Collection[str], content_hash: str | None) -> dict[str, Any]:
    """Describe the runs on these data that the user sees: built-in data, and folders, are used in many projects."""
    listed = ListedRun.objects.filter(may_see(user), source_path__in=source_paths)
    shown = Run.objects.filter(pk__in=list(listed.order_by("-id").values_list("id", flat=True)[:RUNS_SHOWN]))
    newest = shown.only("id", "experiment_name", "status", "dataset_hash", "created_at").order_by("-id")
    return {"runs": _runs(newest, content_hash), "run_count": listed.count()}


def upload(row: Upload) -> dict[str, Any]:
    """Return how far an upload is, and how to continue: pieces of `piece_bytes`, at most `piece_limit`."""
    return {
        "id": str(row.pk),
        "name": row.dataset.name,
        "project": row.dataset.project.name,
        "project_id": row.dataset.project_id,
        "filename": row.filename,
        "size": row.size,
        "sha256": row.dataset.sha256 or None,
        "received": row.received,
        "piece_bytes": uploads.PIECE_BYTES,
        "piece_limit": uploads.PIECE_LIMIT,
        "expires_at": format_time(row.updated_at + uploads.IDLE),
        "links": {"self": f"/api/datasets/uploads/{row.pk}/", "dataset": links(row.dataset.name)["self"]},
    }


def links(name: str) -> dict[str, str]:
    """Return paths on this server; a test compares them with the URL names."""
    return {
        "self": f"/api/datasets/{name}/",
        "check": f"/api/datasets/{name}/check/",
        "samples": f"/api/datasets/{name}/samples/",
        "features": f"/api/datasets/{name}/features/",
        "page": f"/datasets/{name}/",
    }


def _progress(dataset: Dataset) -> dict[str, Any] | None:
    """Return the progress of the upload or of the check, whichever is under way."""
    row = getattr(dataset, "upload", None)
    if row is not None:
        return {"bytes_done": row.received, "bytes": row.size, "files_done": None, "files": None}
    if dataset.state != Dataset.State.CHECKING:
        return None
    return {
        "bytes_done": dataset.bytes_done,
        "bytes": dataset.size,
        "files_done": dataset.files_done,
        "files": dataset.files,
    }


def _report(dataset: Dataset) -> dict[str, Any] | None:
    """Return a summary of the report made at the last check; needs what `visible_datasets` adds."""
    row = dataset.preflight
    if row is None:
        return None
    findings = getattr(dataset, "findings", None) or []
    count = Counter(finding["level"] for finding in findings)
    return {
        "id": row.pk,
        "status": row.status,
        "page": f"/preflights/{row.pk}/",
        "verdict": getattr(dataset, "verdict", None),
        "blocks": count["blocks"],
        "warnings": count["warning"],
        "questions": count["confirm"],
    }


def _preflight(dataset: Dataset) -> dict[str, Any] | None:
    """Return the report made at the last check, of a training with default options: findings, splits, reading."""
    row = dataset.preflight
    if row is None:
        return None
    report = row.report or {}
    return {
        "id": row.pk,
        "status": row.status,
        "page": f"/preflights/{row.pk}/",
        "problem": row.problem,
        "verdict": report.get("verdict"),
        "findings": report.get("findings", []),
        "classes": report.get("classes", []),
        "counts": report.get("counts", []),
        "reading": report.get("reading"),
    }


def _runs(runs: Iterable[Run], content_hash: str | None) -> list[dict[str, Any]]:
    """Return runs, newest first; `same_version`: trained on what the data set is now."""
    return [
        {
            "run_id": run.pk,
            "experiment_name": run.experiment_name,
            "status": run.status,
            "created_at": format_time(run.created_at),
            "dataset_hash": run.dataset_hash,
            "same_version": run.dataset_hash == content_hash,
            "page": f"/runs/{run.pk}/",
        }
        for run in runs
    ]
