"""Ask for pre-flight reports, see and cancel them. Workers look for what was asked (`worker_thread`); none is told."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.db.models import QuerySet
from rest_framework.exceptions import PermissionDenied

from audit.recording import record
from experiments.launch import inspect
from experiments.models import Preflight
from experiments.preflights import state
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.inspections import DRY_RUN, Patience
from runs.errors import Conflict
from runs.queries import may_change


class Requested(NamedTuple):
    """A report that waits to be made; `decided` unless the data are so large that their faults will be told by it."""

    preflight: Preflight
    decided: bool


def ask(config: TrainingConfig, owner: User, patience: Patience = DRY_RUN) -> Requested:
    """Queue a report of this training. Raises SourceError for what can be told within `patience`."""
    _, decided = inspect(config, owner.pk, answered=False, patience=patience)
    with transaction.atomic():
        preflight = state.create(owner, config.model_dump(mode="json"))
        record("preflight.requested", target=preflight, data=config.source_path)
    return Requested(preflight, decided)


def request(config: TrainingConfig, owner: User, patience: Patience = DRY_RUN) -> Preflight:
    """Queue a report as `ask` does, and return it alone."""
    return ask(config, owner, patience).preflight


def visible(user: User | AnonymousUser) -> QuerySet[Preflight]:
    """Return the reports that `user` may see: as with runs, today every active user sees all."""
    return Preflight.objects.all() if user.is_authenticated and user.is_active else Preflight.objects.none()


def cancel(preflight: Preflight, user: User) -> None:
    """End one that waits or is being made; one that was cancelled before stays as it is.

    Raises PermissionDenied, or Conflict for one that has ended otherwise.
    """
    if not may_change(user, preflight.owner_id):
        owner = preflight.owner
        raise PermissionDenied(
            f"Pre-flight report {preflight.pk} belongs to {owner}; only its owner and staff may do that."
        )
    with transaction.atomic():
        cancelled = state.cancel(preflight.pk, f"Cancelled by {user}.")
        if cancelled:
            record("preflight.cancelled", target=preflight)
    preflight.refresh_from_db()
    if not cancelled and preflight.status != Preflight.Status.CANCELLED:
        raise Conflict(f"Pre-flight report {preflight.pk} is {preflight.status}: there is nothing to cancel.")
