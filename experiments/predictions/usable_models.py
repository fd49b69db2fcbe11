"""The model of a run for requests: whatever is in its way becomes an answer."""

from __future__ import annotations

from experiments.trained_models.sources import source_of
from experiments.training.model_source import ModelSource
from runs.api.views import StoreUnavailable
from runs.files.store import StoreError
from runs.models import Run


def usable_model(run: Run) -> ModelSource:
    """Return the model of the run. Raises Conflict, and StoreUnavailable where an object store fails."""
    try:
        return source_of(run)
    except StoreError as error:
        raise StoreUnavailable(str(error)) from error
