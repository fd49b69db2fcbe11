"""Requests a pre-flight report of a training with default options for each data set that was just checked."""

from __future__ import annotations

from experiments.models import Dataset
from experiments.preflights import requests
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.inspections import UNHURRIED
from experiments.training.contract.source_errors import SourceError


def request(dataset: Dataset) -> None:
    """Queue the report in the name of the data set's owner; do nothing where default options do not suit the data."""
    config = TrainingConfig(experiment_name=dataset.name, source_path=dataset.source_path)
    try:
        preflight = requests.request(config, dataset.owner, UNHURRIED, project_id=dataset.project.pk)
    except SourceError:
        return  # the check has reported why
    Dataset.objects.filter(pk=dataset.pk).update(preflight=preflight)
