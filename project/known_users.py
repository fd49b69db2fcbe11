"""Who sends a request, found with one prepared query: the middleware for sessions, and DRF's class for API tokens.

Both check what Django and DRF check. Where anything about a session is not as it usually is, Django itself decides.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.middleware import AuthenticationMiddleware, auser
from django.contrib.auth.models import AnonymousUser, User
from django.db import DEFAULT_DB_ALIAS
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject
from rest_framework import authentication
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import AuthenticationFailed

from realtime.logins.throttled_tokens import ThrottledTokens
from runs.statements.prepared_query import PreparedQuery

USUAL = "django.contrib.auth.backends.ModelBackend"
_USER_FIELDS = tuple(field.attname for field in User._meta.concrete_fields)
_TOKEN_FIELDS = tuple(field.attname for field in Token._meta.concrete_fields)
_USER = PreparedQuery(lambda pk: User.objects.filter(pk=pk).order_by().values_list(*_USER_FIELDS))
_TOKEN = PreparedQuery(
    lambda key: (
        Token.objects.filter(key=key)
        .order_by()
        .values_list(*_TOKEN_FIELDS, *(f"user__{name}" for name in _USER_FIELDS))
    )
)


class SessionUsers(AuthenticationMiddleware):
    """Django's middleware with a cheaper look at the user."""

    def process_request(self, request: HttpRequest) -> None:
        """Let the request know its user, who is looked up when a view asks."""
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _user_of(request))  # type: ignore[assignment]
        request.auser = partial(auser, request)


class TokenUsers(ThrottledTokens, authentication.TokenAuthentication):
    """DRF's authentication by API token, with one prepared query."""

    def authenticate_credentials(self, key: str) -> tuple[User, Token]:
        """Return the active user of that token; raises AuthenticationFailed."""
        found = _TOKEN.first(key) if key.isprintable() else None
        if found is None:
            raise AuthenticationFailed("Invalid token.")
        user = User.from_db(DEFAULT_DB_ALIAS, _USER_FIELDS, found[len(_TOKEN_FIELDS) :])
        if not user.is_active:
            raise AuthenticationFailed("User inactive or deleted.")
        token = Token.from_db(DEFAULT_DB_ALIAS, _TOKEN_FIELDS, found[: len(_TOKEN_FIELDS)])
        token.user = user
        return user, token


def _user_of(request: HttpRequest) -> AbstractBaseUser | AnonymousUser:
    if not hasattr(request, "_cached_user"):
        user = _usual_user(request) or auth.get_user(request)
        if user.is_authenticated:
            session: Any = request.session
            session.prolong()
        request._cached_user = user  # type: ignore[attr-defined]
    return request._cached_user  # type: ignore[attr-defined, no-any-return]


def _usual_user(request: HttpRequest) -> User | None:
    """Return the active user of a session that is valid as it stands; None where Django has to look closer."""
    session: Any = request.session
    number, backend, digest = map(session.get, (auth.SESSION_KEY, auth.BACKEND_SESSION_KEY, auth.HASH_SESSION_KEY))
    if backend != USUAL or USUAL not in settings.AUTHENTICATION_BACKENDS or not digest or not str(number).isdecimal():
        return None
    found = _USER.first(int(number))
    user = None if found is None else User.from_db(DEFAULT_DB_ALIAS, _USER_FIELDS, found)
    if user is None or not user.is_active or not constant_time_compare(digest, user.get_session_auth_hash()):
        return None
    return user
