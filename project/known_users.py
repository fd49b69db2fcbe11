"""Who sends a request, found with one prepared query: the middleware for sessions, and DRF's class for API tokens.

The first checks what Django checks. Where anything about a session is not as it usually is, Django itself decides.
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
from django.http import HttpRequest, QueryDict
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject
from knox.auth import TokenAuthentication
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts import needed_scopes
from accounts.credentials import user_of_token
from accounts.models import APIToken
from accounts.sign_on.backend import BACKEND
from realtime.logins.throttled_tokens import ThrottledTokens
from runs.problems import problem_types
from runs.statements.prepared_query import PreparedQuery

USUAL = ("django.contrib.auth.backends.ModelBackend", BACKEND)
_USER_FIELDS = tuple(field.attname for field in User._meta.concrete_fields)
_USER = PreparedQuery(lambda pk: User.objects.filter(pk=pk).order_by().values_list(*_USER_FIELDS))


class SessionUsers(AuthenticationMiddleware):
    """Django's middleware with a cheaper look at the user."""

    def process_request(self, request: HttpRequest) -> None:
        """Let the request know its user, who is looked up when a view asks."""
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: _user_of(request))  # type: ignore[assignment]
        request.auser = partial(auser, request)


class TokenUsers(ThrottledTokens, TokenAuthentication):  # type: ignore[misc]  # knox has no types
    """The authentication by API token: one prepared query, and the scope that the address needs.

    The library's own loads all tokens of the user, and deletes expired ones while it reads.
    """

    def authenticate(self, request: Request) -> tuple[User, APIToken] | None:
        """Return user and token, None without a token; raises AuthenticationFailed, and PermissionDenied by scope."""
        found: tuple[User, APIToken] | None = super().authenticate(request)
        if found is not None:
            match = request.resolver_match
            needed_scopes.check(found[1], match.view_name if match else "", request.method or "")
        return found

    def authenticate_credentials(self, token: bytes) -> tuple[User, APIToken]:
        """Return the active user of that token; raises AuthenticationFailed."""
        try:
            text = token.decode()
        except UnicodeDecodeError:
            raise AuthenticationFailed("Invalid token: it is not UTF-8.") from None
        return user_of_token(text)


class CSRFFailed(PermissionDenied):
    """403: a session alone is not enough where something is changed; the sentence says what is missing."""

    problem = problem_types.CSRF_FAILED


class _Unread:
    """A request as it is without its body."""

    def __init__(self, request: Request) -> None:
        self._request_read_later = request
        self.POST = QueryDict()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._request_read_later, name)


class SessionsWithCSRF(SessionAuthentication):
    """DRF's authentication by session, whose refusals are told apart from those of rights.

    The token comes in the header alone: to look for it in a form, the library reads the whole body, also of JSON,
    before anybody has counted how many such requests there are.
    """

    def enforce_csrf(self, request: Request) -> None:
        """Check the CSRF token; raises CSRFFailed."""
        try:
            super().enforce_csrf(_Unread(request))  # type: ignore[arg-type]  # as far as the check looks
        except PermissionDenied as error:
            raise CSRFFailed(error.detail) from None


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
    if backend not in USUAL or backend not in settings.AUTHENTICATION_BACKENDS:
        return None
    if not digest or not str(number).isdecimal():
        return None
    found = _USER.first(int(number))
    user = None if found is None else User.from_db(DEFAULT_DB_ALIAS, _USER_FIELDS, found)
    if user is None or not user.is_active or not constant_time_compare(digest, user.get_session_auth_hash()):
        return None
    return user
