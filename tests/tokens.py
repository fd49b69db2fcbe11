"""API tokens for tests, by default with all the rights of their user."""

from __future__ import annotations

from django.contrib.auth.models import User

from accounts.issuing import issue
from accounts.scopes import Scope


def new_token(user: User, scope: Scope = Scope.ADMIN) -> str:
    """Make a token, and return what a program sends."""
    return issue(user, "a test", scope)[1]
