"""What requests about jobs on finished runs' models are answered with. See `experiments.model_jobs`."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

from runs.shapes.run_shapes import PageLinks


class ModelJobFile(TypedDict):
    """A file of a job's result."""

    name: str
    bytes: int
    sha256: str
    link: str


class ModelJobSummary(TypedDict):
    """A job as far as it has come; `done` of `total` units, which is null while their number is not known."""

    model_job_id: int
    run_id: int
    kind: str
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    progress: str
    done: int
    total: int | None
    problem: str | None
    options: dict[str, Any]
    files: list[ModelJobFile]
    owner: str
    may_cancel: bool
    may_delete: bool
    created_at: str
    started_at: str | None
    ended_at: str | None
    expires_at: str | None
    links: dict[str, str]


class ModelJobDetail(ModelJobSummary):
    """A job with its result, which depends on its kind and is null until it is done."""

    result: dict[str, Any] | None


class ModelJobPage(PageLinks):
    """A page of the jobs of a run, the newest first."""

    results: list[ModelJobSummary]
