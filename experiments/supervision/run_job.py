"""Builds the job of a training process from a claimed run."""

from __future__ import annotations

from django.conf import settings

from experiments.datasets import lookup
from experiments.supervision.build_job import job
from experiments.training.contract.reports import Job
from experiments.training.contract.trainer_config import TrainerConfig
from runs.models import Run
from runs.stored_config import StoredConfig

LOOPBACK = "127.0.0.1"


def job_of(run: Run, gpus: list[str] | None = None) -> Job:
    """Return what the training process needs to know; raises SourceError where the run's data set is gone."""
    place = lookup.locate_for(run)
    trainer = TrainerConfig.model_validate(StoredConfig(run.config).section("trainer"))
    checkpoint = run.folder / run.last_checkpoint if run.last_checkpoint else None
    resumable = checkpoint is not None and checkpoint.is_file()
    return job(
        place,
        config=run.config,
        folder=run.folder,
        run_id=run.pk,
        attempt=run.attempt,
        resume_from=str(checkpoint) if resumable else None,
        resumed_from_epoch=run.last_checkpoint_epoch if resumable else None,
        gpus=gpus,
        ranks=trainer.processes,
        nodes=trainer.num_nodes,
        meeting_address=settings.NODE_ADDRESS if trainer.num_nodes > 1 else LOOPBACK,
    )
