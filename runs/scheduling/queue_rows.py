"""The runs of the queue and those that train, in the columns that the page of the queue shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from runs.events import time_or_null
from runs.models import Run
from runs.queries import sees_all, visible_runs
from runs.queue import ORDER
from runs.scheduling.queue_report import SHOWN_RUNS

COLUMNS = (
    *("pk", "experiment_name", "owner__username", "project__name", "priority", "status", "fold", "folds"),
    *("queued_at", "attempt_start", "progress", "current_epoch", "max_epochs", "samples_per_second", "eta_seconds"),
)


def unfinished(user: User | AnonymousUser) -> dict[str, list[dict[str, Any]]]:
    """Read the first runs that wait, in their order, and the newest that train, as parts of a run's summary."""
    runs = visible_runs(user)
    return {
        "queued": _rows(runs.filter(status=Run.Status.QUEUED).order_by(*ORDER)),
        "running": _rows(runs.filter(status__in=Run.RUNNING).order_by("-pk")),
    }


def seen_by(user: User | AnonymousUser) -> frozenset[int] | None:
    """Read the numbers of the unfinished runs that the user sees; None: all. Others are counted, and not named."""
    if sees_all(user):
        return None
    return frozenset(visible_runs(user).filter(status__in=Run.UNFINISHED).order_by().values_list("pk", flat=True))


def _rows(runs: QuerySet[Run]) -> list[dict[str, Any]]:
    found: Iterable[Sequence[Any]] = runs.values_list(*COLUMNS)[:SHOWN_RUNS]
    return [_row(dict(zip(COLUMNS, columns, strict=True))) for columns in found]


def _row(of: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": of["pk"],
        "experiment_name": of["experiment_name"],
        "owner": of["owner__username"],
        "project": of["project__name"],
        **{name: of[name] for name in ("priority", "status", "fold", "folds")},
        "queued_at": time_or_null(of["queued_at"]),
        "attempt_start": time_or_null(of["attempt_start"]),
        "progress": {
            "fraction": of["progress"],
            "epoch": of["current_epoch"],
            **{name: of[name] for name in ("max_epochs", "samples_per_second", "eta_seconds")},
        },
    }
