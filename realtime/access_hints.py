"""Announces that the rights of a user changed, once that is committed: their open sockets are looked at at once.

It hears of each row that is saved or deleted as an object. What a query writes for many rows at once has no signal:
sockets find out by looking again, see `auth.RECHECK_SECONDS`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_delete, post_save

from realtime.hubs import broadcast

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from access.models import Membership
    from accounts.models import APIToken

_HARMLESS = frozenset({"last_login"})
"""Fields of a user that each login writes, and that change no right."""


def connect() -> None:
    """Hear of memberships, tokens and users, whose models need not be loaded yet."""
    for signal in (post_save, post_delete):
        for sender in ("access.Membership", "accounts.APIToken"):
            signal.connect(_row_of_user_changed, sender=sender, dispatch_uid=f"access hints of {sender}")
        signal.connect(_user_changed, sender=settings.AUTH_USER_MODEL, dispatch_uid="access hints of users")


def _row_of_user_changed(*, instance: Membership | APIToken, raw: bool = False, **_unused: Any) -> None:
    if not raw:
        _announce(instance.user_id)


def _user_changed(
    *, instance: User, created: bool = False, raw: bool = False, update_fields: Any = None, **_unused: Any
) -> None:
    if not (raw or created or (update_fields and _HARMLESS.issuperset(update_fields))):
        _announce(instance.pk)


def _announce(user_id: int) -> None:
    transaction.on_commit(partial(broadcast.hint_access, user_id))
