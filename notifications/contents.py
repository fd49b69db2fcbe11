"""What a message says of a run: the facts of the moment, stored with the message so that each try sends the same.

No value comes from the data: neither samples, patients and files nor what an exception said of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from django.db.models import QuerySet

from notifications.safe_reasons import safe_reason
from runs.events import time_or_null
from runs.models import Run

COLUMNS = (
    *("pk", "experiment_name", "owner_id", "project_id", "status", "attempt", "queued_at", "start_time", "end_time"),
    *("duration_seconds", "total_epochs", "max_epochs", "monitor", "best_value", "best_epoch", "deleted_at"),
)
"""What is read of a run; configurations are large and not loaded."""


def loaded(runs: QuerySet[Run], *more: str) -> QuerySet[Run]:
    """Load what messages say of those of the runs that are not deleted, and the columns `more`."""
    there = runs.filter(deleted_at=None).select_related("owner", "project")
    return there.only(*COLUMNS, *more, "owner__username", "project__name")


class Content(TypedDict):
    """The facts of a message, under the names that receivers of webhooks get them by. Times are ISO 8601, UTC.

    `reason` is blank where there is none to be told. `epochs` are those that were trained, `best_epoch` counts from 0.
    The last four belong to their occasion.
    """

    run_id: int
    name: str
    owner: str
    project: str
    status: str
    reason: str
    attempt: int
    started: str | None
    ended: str | None
    seconds: float | None
    epochs: int | None
    max_epochs: int
    monitor: str
    best_value: float | None
    best_epoch: int | None
    minutes: NotRequired[int]
    metric: NotRequired[str]
    value: NotRequired[float]
    threshold: NotRequired[float]


def content_of(run: Run, *, status: str = "", reason: str = "", **facts: Any) -> Content:
    """Gather the facts of a run whose owner and project are loaded; `status` is that of the occasion, if given."""
    content: Content = {
        "run_id": run.pk,
        "name": in_one_line(run.experiment_name),
        "owner": in_one_line(run.owner.get_username()),
        "project": in_one_line(str(run.project)),
        "status": status or run.status,
        "reason": safe_reason(reason),
        "attempt": run.attempt,
        "started": time_or_null(run.start_time),
        "ended": time_or_null(run.end_time),
        "seconds": run.duration_seconds,
        "epochs": run.total_epochs,
        "max_epochs": run.max_epochs,
        "monitor": run.monitor,
        "best_value": run.best_value,
        "best_epoch": run.best_epoch,
    }
    return content | facts  # type: ignore[return-value]  # the keys of the occasion


def in_one_line(text: str) -> str:
    """Return a text without line breaks and other control characters, for a mail's head and a chat alike."""
    return " ".join("".join(" " if _breaks(char) else char for char in text).split())


def _breaks(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def run_number(content: Mapping[str, Any]) -> int | None:
    """Return the run that a message is about; None of a test."""
    number = content.get("run_id")
    return number if isinstance(number, int) else None
