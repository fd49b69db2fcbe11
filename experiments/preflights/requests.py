"""Ask for pre-flight reports, see and cancel them. Workers look for what was asked (`worker_thread`); none is told."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.db.models import QuerySet
from rest_framework.exceptions import PermissionDenied

from access.default_project import DEFAULT_PROJECT
from audit.recording import record
from experiments.launch import inspect
from experiments.models import Preflight
from experiments.preflights import state
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.inspections import DRY_RUN, Patience
from runs.errors import Conflict
from runs.projects.refusals import why_not
from runs.queries import in_projects, may_change


class Requested(NamedTuple):
    """A report that waits to be made; `decided` unless the data are so large that their faults will be told by it."""

    preflight: Preflight
    decided: bool


def ask(
    config: TrainingConfig, owner: User, patience: Patience = DRY_RUN, *, project_id: int = DEFAULT_PROJECT
) -> Requested:
    """Queue a report of this training in that project. Raises SourceError for what can be told within `patience`."""
    _, decided = inspect(config, owner.pk, project_id, answered=False, patience=patience)
    with transaction.atomic():
        preflight = state.create(owner, config.model_dump(mode="json"), project_id)
        record("preflight.requested", target=preflight, data=config.source_path)
    return Requested(preflight, decided)


def request(
    config: TrainingConfig, owner: User, patience: Patience = DRY_RUN, *, project_id: int = DEFAULT_PROJECT
) -> Preflight:
    """Queue a report as `ask` does, and return it alone."""
    return ask(config, owner, patience, project_id=project_id).preflight


def visible(user: User | AnonymousUser) -> QuerySet[Preflight]:
    """Return the reports that `user` may see: those of the user's projects."""
    return Preflight.objects.filter(in_projects(user))


def cancel(preflight: Preflight, user: User) -> None:
    """End one that waits or is being made; one that was cancelled before stays as it is.

    Raises PermissionDenied, or Conflict for one that has ended otherwise.
    """
    if not may_change(user, preflight):
        raise PermissionDenied(why_not(user, preflight, f"Pre-flight report {preflight.pk}", preflight.owner))
    with transaction.atomic():
        cancelled = state.cancel(preflight.pk, f"Cancelled by {user}.")
        if cancelled:
            record("preflight.cancelled", target=preflight)
    preflight.refresh_from_db()
    if not cancelled and preflight.status != Preflight.Status.CANCELLED:
        raise Conflict(f"Pre-flight report {preflight.pk} is {preflight.status}: there is nothing to cancel.")
