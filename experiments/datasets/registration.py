"""Registers data that already lie in a data root: nothing is copied, and none of the files is ever deleted."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError

from access.models import Project
from experiments.datasets import checks, names
from experiments.models import Dataset
from experiments.training.contract import source_forms
from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files import paths
from runs.errors import InvalidRequest


def register(owner: User, path: str, project: Project, *, name: str | None = None) -> Dataset:
    """Register a path as a data set of the project that waits for its check; raises InvalidRequest.

    Looks at the path alone: the files may be many.
    """
    found = _located(path)
    chosen = names.chosen(name, found.name)
    try:
        return checks.register(chosen, str(found), owner, project.pk)
    except IntegrityError:
        raise names.taken(chosen) from None


def _located(path: str) -> Path:
    try:
        found, _ = paths.resolve(path, settings.LIVETRAIN_DATA_ROOTS, field="path")
        source_forms.require_known(found, path)
    except SourceError as error:
        raise InvalidRequest([{"field": "path", "message": error.message}]) from error
    return found
