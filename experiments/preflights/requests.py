"""Asking for pre-flight reports, and seeing them. Workers look for what was asked (`inspector`); no message is sent."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from experiments.launch import inspect
from experiments.models import Preflight
from experiments.training.contract.config import TrainingConfig


def request(config: TrainingConfig, owner: User) -> Preflight:
    """Queue a report of this training. Raises SourceError for what can be told at once."""
    inspect(config)
    return Preflight.objects.create(owner=owner, config=config.model_dump(mode="json"))


def visible(user: User | AnonymousUser) -> QuerySet[Preflight]:
    """Return the reports that `user` may see: as with runs, today every active user sees all."""
    return Preflight.objects.all() if user.is_authenticated and user.is_active else Preflight.objects.none()
