"""Model jobs as JSON."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework.request import Request

from experiments.model_jobs.retention import expires_at
from experiments.models import ModelJob
from runs.events import format_time, time_or_null
from runs.queries import may_change


def detail(job: ModelJob, request: Request) -> dict[str, Any]:
    """Return a job as far as it has come; `result` and `problem` are null until it has ended: then one is set."""
    return summary(job, request) | {"result": job.result}


def summary(job: ModelJob, request: Request) -> dict[str, Any]:
    """Return the same without the result, which may be long."""
    may = may_change(request.user, job)

    def address(name: str, *parts: object) -> str:
        return request.build_absolute_uri(reverse(name, args=parts))

    return {
        "model_job_id": job.pk,
        "run_id": job.run_id,
        "kind": job.kind,
        "status": job.status,
        "progress": job.progress,
        "done": job.done,
        "total": job.total,
        "problem": job.problem,
        "options": job.options,
        "files": [{**file, "link": address("model-job-file", job.pk, file["name"])} for file in job.files],
        "owner": job.owner.get_username(),
        "may_cancel": may and job.status in ModelJob.UNFINISHED,
        "may_delete": may,
        "created_at": format_time(job.created_at),
        "started_at": time_or_null(job.started_at),
        "ended_at": time_or_null(job.ended_at),
        "expires_at": time_or_null(expires_at(job)),
        "links": {
            "self": address("model-job", job.pk),
            "cancel": address("model-job-cancel", job.pk),
            "run": address("run-detail", job.run_id),
        },
    }
