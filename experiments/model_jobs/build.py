"""Builds the job of a process that works on a finished run's model, as far as it is the same for every kind."""

from __future__ import annotations

from typing import Any

import msgspec
from django.conf import settings

from experiments.datasets.lookup import Place
from experiments.model_jobs.kinds import Kind
from experiments.models import ModelJob
from experiments.supervision.build_job import job
from experiments.training.contract.reports import Job
from experiments.training.model_source import ModelSource
from runs.stored_config import StoredConfig


def job_for(model_job: ModelJob, source: ModelSource, *, place: Place | None = None, **own: Any) -> Job:
    """Build the job of a process that uses that model.

    Args:
        model_job: what was asked for; its options become those of the job.
        source: the model.
        place: where other data lie that are to be read; `source_path` in the job's config names them then.
        own: further fields of the Job.
    """
    fields: dict[str, Any] = {"options": model_job.options, **own}
    where = place or Place(StoredConfig(source.config).source_path, [])
    return job(
        where,
        config=source.config,
        folder=model_job.folder,
        run_id=source.run_id,
        attempt=model_job.attempt,
        model=source,
        **fields,
    )


def complete(built: Job, model_job: ModelJob, kind: Kind) -> Job:
    """Set what is the same for all kinds: folder, attempt, task, and the GPU if a setting names one."""
    return msgspec.structs.replace(
        built,
        run_dir=str(model_job.folder),
        attempt=model_job.attempt,
        task=kind.recipe,
        gpus=settings.MODEL_JOB_GPUS,
    )
