"""Predictions of whole data sets: asked for here, made by workers."""

from __future__ import annotations

from django.contrib.auth.models import User

from experiments.api.submission import in_words
from experiments.datasets import lookup
from experiments.model_jobs import requests
from experiments.model_jobs.refusals import require_trainer
from experiments.models import ModelJob
from experiments.predictions.usable_models import usable_model
from experiments.training.contract import source_forms
from experiments.training.data.files import catalogue, paths
from runs.models import Run

KIND = "prediction"


def enqueued(run: Run, user: User, source_path: str) -> ModelJob:
    """Queue the prediction of data, or return the unfinished job that is the same.

    Raises InvalidRequest for data that are not there, PermissionDenied for users who do not train in the run's project,
    and Conflict for a run whose model cannot be used.
    """
    require_trainer(run, user)
    usable_model(run)  # what is in its way is told now, not by the worker
    with in_words():
        place = lookup.locate(source_path, run.project.pk)
        if not source_path.startswith(lookup.PREFIX) and catalogue.find(source_path) is None:
            found, _ = paths.resolve(place.source_path, place.roots)
            source_forms.require_known(found, source_path)
    return requests.enqueue(run, user, KIND, {"source_path": source_path})
