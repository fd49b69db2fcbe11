"""API tokens for tests, by default with all the rights of their user."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils import timezone

from accounts.issuing import issue, tokens_of
from accounts.scopes import Scope


def new_token(user: User, scope: Scope = Scope.ADMIN) -> str:
    """Make a token that is in use, and return what a program sends.

    The first use within a minute is written down, which would count among the queries of whatever a test asks.
    """
    made, text = issue(user, "a test", scope)
    tokens_of(user).filter(pk=made.pk).update(last_used=timezone.now())
    return text
