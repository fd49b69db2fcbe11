"""The kind of jobs that predict whole data sets. Workers alone import this."""

from __future__ import annotations

from experiments.datasets import lookup
from experiments.model_jobs.build import job_for
from experiments.model_jobs.kinds import Kind
from experiments.models import ModelJob
from experiments.trained_models.sources import source_of
from experiments.training.contract.reports import Job


class PredictionKind(Kind):
    """Predicts every sample of other data; the result counts them, and the files have a line for each."""

    recipe = "experiments.training.recipes.model_jobs.prediction"

    def job_of(self, model_job: ModelJob) -> Job:
        """Return what the process needs: the model, and where the data lie now. Raises SourceError and Conflict."""
        run = model_job.run
        place = lookup.locate(str(model_job.options["source_path"]), run.project.pk)
        return job_for(model_job, source_of(run), place=place)


KIND = PredictionKind()
