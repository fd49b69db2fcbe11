"""Jobs of the kind `model_file`, as the queue of jobs on models carries them out."""

from __future__ import annotations

import msgspec

from experiments.model_files import run_facts
from experiments.model_files.file_names import name_of
from experiments.model_jobs.build import job_for
from experiments.model_jobs.kinds import Kind
from experiments.models import ModelJob
from experiments.trained_models.sources import source_of
from experiments.training.contract.reports import Job
from experiments.training.exporting.file_request import FileRequest
from runs.errors import Conflict

DECIDES_OTHERWISE = (
    "Where run {run} decides was changed since this file was asked for: ask for it again, and it has what holds now."
)


class ModelFileKind(Kind):
    """Writes one model file."""

    recipe = "experiments.training.recipes.model_jobs.model_file"
    expires = False  # its address leads to it as long as the run is there

    def job_of(self, model_job: ModelJob) -> Job:
        """Return what the process is told. Raises Conflict where the run has no model, or decides otherwise now."""
        run, options = model_job.run, model_job.options
        source = source_of(run)
        if options["decides_by"] != run_facts.decides_by(run):
            raise Conflict(DECIDES_OTHERWISE.format(run=run.pk))
        asked = FileRequest(
            name=name_of(model_job), format=options["format"], facts=run_facts.facts_of(run, options["licence"])
        )
        return job_for(model_job, source, options=msgspec.to_builtins(asked))


KIND = ModelFileKind()
