"""Record in the audit trail what is read of a run: downloads, exports, samples and their pictures."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.http import HttpRequest
from rest_framework.request import Request

from audit.recording import record
from runs.models import Run
from runs.statements.prepared_query import PreparedQuery

PREDICTIONS, SPLIT = ("predictions",), ("split",)
"""How the names of files begin that have what a run predicted, and which samples it was trained and tested on."""
_COLUMNS = tuple(  # in the order of the model's own, as `from_db` wants them
    column.attname for column in Run._meta.concrete_fields if column.attname in ("id", "experiment_name", "project_id")
)
_RUN = PreparedQuery(lambda pk: Run.objects.filter(pk=pk).order_by().values_list(*_COLUMNS))


def record_reading(request: Request | HttpRequest, action: str, runs: Iterable[Run], **details: Any) -> None:
    """Record that something of these runs is read; asking only for headers reads nothing."""
    if request.method == "HEAD":
        return
    for run in runs:
        record(action, target=run, **details)


def record_download(request: Request, action: str, run_id: int, **details: Any) -> None:
    """Record that something of a run is downloaded, of which only the number is known."""
    found = None if request.method == "HEAD" else _RUN.first(run_id)
    if found is not None:
        record_reading(request, action, [Run.from_db(DEFAULT_DB_ALIAS, _COLUMNS, found)], **details)


def action_of_file(name: str) -> str:
    """Return the action that says that this file of a run was downloaded."""
    last = name.rpartition("/")[2]
    if last.startswith(PREDICTIONS):
        return "predictions.downloaded"
    return "split.downloaded" if last.startswith(SPLIT) else "file.downloaded"
