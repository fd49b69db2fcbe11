"""Builds the job of a process that works on a finished run's model, as far as it is the same for every kind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
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


def job_for(
    model_job: ModelJob, source: ModelSource, *, place: Place | None = None, options: Mapping[str, Any] | None = None
) -> Job:
    """Build the job of a process that uses that model.

    Args:
        model_job: what was asked for; its options become those of the job.
        source: the model.
        place: where other data lie that are to be read; `source_path` in the job's config names them then.
        options: what the process is told instead of the options of `model_job`.
    """
    told = model_job.options if options is None else options
    return job_of(source, folder=model_job.folder, attempt=model_job.attempt, options=told, place=place)


def job_of(
    source: ModelSource, *, folder: Path, attempt: int, options: Mapping[str, Any], place: Place | None = None
) -> Job:
    """Build the job of a process that uses a model, and writes into that folder."""
    return job(
        place or Place(StoredConfig(source.config).source_path, []),
        config=source.config,
        folder=folder,
        run_id=source.run_id,
        attempt=attempt,
        model=source,
        options=dict(options),
    )


def complete(built: Job, kind: Kind) -> Job:
    """Set what the kind and the installation say: the task, and the GPU if a setting names one."""
    return msgspec.structs.replace(built, task=kind.recipe, gpus=settings.MODEL_JOB_GPUS)
