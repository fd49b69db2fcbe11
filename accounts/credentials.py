"""What comes with a token that a request brings: its user and that user's rights, found with one prepared query.

The user of a token without the scope `admin` has no rights of staff: they are taken from the object that views get,
which is never saved. So every rule about staff, wherever it stands, holds for tokens too. In projects the scope is the
highest role that the user has, and a token for one project shows no other: `access.decisions` is told so.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import DEFAULT_DB_ALIAS, DatabaseError, transaction
from django.utils import timezone
from knox.crypto import hash_token
from rest_framework.exceptions import AuthenticationFailed

from access.decisions import is_operator, narrow
from access.roles import Role
from accounts.models import APIToken
from accounts.scopes import Scope
from audit.recording import record
from runs.statements.prepared_query import PreparedQuery

logger = logging.getLogger(__name__)

USE_IS_NOTED_EVERY = timedelta(minutes=1)
LONGEST = 256
"""Characters of a token, more than any has."""
_USER_FIELDS = tuple(field.attname for field in User._meta.concrete_fields)
_NEEDED = {"id", "user_id", "scope", "expiry", "last_used", "project_id", "name", "token_key"}
_ROLES: Mapping[str, Role] = {Scope.READ: Role.VIEWER, Scope.TRAIN: Role.TRAINER, Scope.ADMIN: Role.ADMIN}
"""The highest role that a token of each scope gives."""
_TOKEN_FIELDS = tuple(field.attname for field in APIToken._meta.concrete_fields if field.attname in _NEEDED)
"""In the order of the model, as `from_db` takes them; the others are read when somebody asks."""
_COLUMNS = (*_TOKEN_FIELDS, *(f"user__{name}" for name in _USER_FIELDS))
_TOKEN = PreparedQuery(lambda digest: APIToken.objects.filter(digest=digest).order_by().values_list(*_COLUMNS))
_STORED = PreparedQuery(lambda pk: APIToken.objects.filter(pk=pk).order_by().values_list(*_COLUMNS))


def user_of_token(text: str) -> tuple[User, APIToken]:
    """Return the active user of a token, with the rights that its scope leaves; raises AuthenticationFailed."""
    return _checked(_TOKEN.first(hash_token(text)) if len(text) <= LONGEST else None)


def user_of_stored_token(pk: int) -> tuple[User, APIToken]:
    """Return the same of the token with that primary key, which a ticket stands for; raises AuthenticationFailed."""
    return _checked(_STORED.first(pk))


def _checked(found: Sequence[Any] | None) -> tuple[User, APIToken]:
    if found is None:
        raise AuthenticationFailed("Invalid token: it is mistyped, was revoked, or ended with a new password.")
    user = User.from_db(DEFAULT_DB_ALIAS, _USER_FIELDS, found[len(_TOKEN_FIELDS) :])
    token: APIToken = APIToken.from_db(DEFAULT_DB_ALIAS, _TOKEN_FIELDS, found[: len(_TOKEN_FIELDS)])
    if not user.is_active:
        raise AuthenticationFailed("User inactive or deleted.")
    if token.is_expired:
        raise AuthenticationFailed(f"This token expired on {token.expiry:%d %B %Y}; make a new one at /account/.")
    narrow(
        user,
        project_id=token.project_id,
        most=_ROLES.get(token.scope, Role.VIEWER),
        operator=is_operator(user),
    )
    if token.scope != Scope.ADMIN or token.project_id is not None:  # staff act on all projects
        user.is_staff = user.is_superuser = False
    token.user = user
    _note_use(token)
    return user, token


def _note_use(token: APIToken) -> None:
    """Write when the token was last used, where that is a minute ago; no request fails for it."""
    now = timezone.now()
    if token.last_used is not None and now - token.last_used < USE_IS_NOTED_EVERY:
        return
    try:
        if token.last_used is None:
            _note_first_use(token, now)
        else:
            earlier = APIToken.objects.filter(pk=token.pk, last_used__lt=now - USE_IS_NOTED_EVERY)
            earlier.update(last_used=now)
    except DatabaseError as error:
        logger.warning("The last use of API token %d could not be written: %s", token.pk, error)


def _note_first_use(token: APIToken, now: datetime) -> None:
    with transaction.atomic():
        if APIToken.objects.filter(pk=token.pk, last_used=None).update(last_used=now):
            record("token.first_used", target=token, user=token.user)
