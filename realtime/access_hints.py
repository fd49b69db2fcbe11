"""Announces that the rights of a user changed, once that is committed: their open sockets are looked at at once.

It hears of each row that is saved or deleted as an object. What a query writes for many rows at once has no signal:
sockets find out by looking again, see `auth.RECHECK_SECONDS`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models.signals import post_delete, post_save

from access.models import Membership
from accounts.models import APIToken
from realtime.hubs import broadcast

_HARMLESS = frozenset({"last_login"})
"""Fields of a user that each login writes, and that change no right."""


def connect() -> None:
    """Hear of memberships, tokens and users."""
    for signal in (post_save, post_delete):
        for of_user in (Membership, APIToken):
            signal.connect(_of_row_changed, sender=of_user, dispatch_uid=f"access hints of {of_user.__name__}")
        signal.connect(_user_changed, sender=User, dispatch_uid="access hints of User")


def _of_row_changed(*, instance: models.Model, raw: bool = False, **_unused: Any) -> None:
    if not raw:
        _announce(instance.user_id)  # type: ignore[attr-defined]  # those that are connected have one


def _user_changed(
    *, instance: User, created: bool = False, raw: bool = False, update_fields: Any = None, **_unused: Any
) -> None:
    if not (raw or created or (update_fields and _HARMLESS.issuperset(update_fields))):
        _announce(instance.pk)


def _announce(user_id: int) -> None:
    transaction.on_commit(partial(broadcast.hint_access, user_id))
