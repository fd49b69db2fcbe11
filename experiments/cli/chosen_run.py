"""The run that a management command is about, and what is said where its model cannot be had."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from rest_framework.exceptions import APIException

from runs.files.store import StoreError
from runs.models import Run

JOINED = ("owner", "project", "group")


def present_run(number: int) -> Run:
    """Return a run that is not deleted; raises CommandError."""
    run = Run.objects.select_related(*JOINED).filter(pk=number, deleted_at=None).first()
    if run is None:
        raise CommandError(f"There is no run {number}.")
    return run


def known_run(number: int) -> Run:
    """Return a run, also a deleted one; raises CommandError."""
    run = Run.objects.select_related(*JOINED).filter(pk=number).first()
    if run is None:
        raise CommandError(f"Run {number} does not exist.")
    return run


@contextmanager
def in_words(run: Run) -> Iterator[None]:
    """Raise CommandError for what is in the way of using a run's model, or its files."""
    try:
        yield
    except APIException as error:
        raise CommandError(str(error.detail)) from error
    except (StoreError, OSError) as error:
        raise CommandError(f"The files of run {run.pk} cannot be fetched: {error}") from error
