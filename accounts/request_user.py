"""The user of a request that needs a login."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest
from rest_framework.request import Request


def logged_in(request: Request | HttpRequest) -> User:
    """Return the user who is logged in."""
    assert isinstance(request.user, User)  # noqa: S101  (a login is needed here)
    return request.user


def stored_user(request: HttpRequest) -> User:
    """Return the user who is logged in, not the lazy one, so that a failed form leaves the request's alone."""
    return User.objects.get(pk=logged_in(request).pk)
