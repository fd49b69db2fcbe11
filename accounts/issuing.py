"""Making API tokens, and listing and revoking those of a user."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from access.decisions import access_of, only_project
from access.models import Project
from access.projects import visible_projects
from accounts.models import APIToken
from accounts.scopes import Scope
from audit.recording import record
from runs.describing.description_rules import is_broken, is_invisible
from runs.projects import project_choice

MOST_TOKENS = 100
"""Limit of the tokens that a user has at a time, expired ones included."""
NEVER = math.inf
"""The life in days of a token without an end."""
LONGEST_NAME = 100
LONGEST_DAYS = 36_600
"""Limit of a life that ends, whatever the settings allow: dates reach to the year 9999."""
CHOICES_OF_DAYS = (7.0, 30.0, 90.0, 366.0)


class Refused(ValueError):
    """A token that is not made; the sentence says why, `field` names what was asked for wrongly."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def tokens_of(user: User) -> QuerySet[APIToken]:
    """Return a user's tokens, the newest first; to a request by a token for one project, those for the same one."""
    found: QuerySet[APIToken] = APIToken.objects.filter(user=user).select_related("project").order_by("-pk")
    only = only_project(user)
    return found if only is None else found.filter(project_id=only)


def issue(
    user: User, name: str, scope: str = Scope.TRAIN, days: float | None = None, project: str | int | None = None
) -> tuple[APIToken, str]:
    """Make a token that ends after so many days, by default those of the settings. Return it and its text.

    With `project`, by name or number, it is for that one alone. The text is what programs send, and cannot be read
    again. Raises Refused.
    """
    days = settings.TOKEN_DAYS if days is None else days
    _check_name(name)
    _check_days(days)
    only = None if project is None else _project(user, project)
    if APIToken.objects.filter(user=user).count() >= MOST_TOKENS:
        raise Refused("", f"There are {MOST_TOKENS} tokens, the most a user may have; revoke one that is not needed.")
    expiry = None if days == NEVER else timedelta(days=days)
    with transaction.atomic():
        made: tuple[APIToken, str] = APIToken.objects.create(
            user=user, name=name, scope=scope, expiry=expiry, project=only
        )
        record("token.created", target=made[0], **_details(made[0]))
    return made


def revoke(user: User, token_id: int) -> bool:
    """End one of a user's tokens; return whether there was one."""
    return bool(_revoked(tokens_of(user).filter(pk=token_id), {}))


def revoke_all(user: User, **details: str) -> int:
    """End all tokens of a user, and return their number; the details say why, for the audit trail."""
    return _revoked(tokens_of(user), details)


def _revoked(tokens: QuerySet[APIToken], details: dict[str, Any]) -> int:
    """End those that are there; one that another request ends at the same time is ended by one of both."""
    number = 0
    with transaction.atomic():
        for token in tokens.select_related("user"):
            if APIToken.objects.filter(pk=token.pk).delete()[0]:
                record("token.revoked", target=token, **_details(token), **details)
                number += 1
    return number


def _details(token: APIToken) -> dict[str, Any]:
    return {"of": token.user.get_username(), "scope": token.scope, "expires": token.expiry}


def days_to_choose() -> list[float]:
    """List the lives that the account page offers, the default one included."""
    offered = {days for days in (*CHOICES_OF_DAYS, NEVER) if days <= settings.TOKEN_LIMIT_DAYS}
    return sorted(offered | {settings.TOKEN_DAYS})


def projects_of(user: User) -> list[Project]:
    """List the projects that a token of the user may be limited to, by name."""
    return list(visible_projects(access_of(user)))


def _project(user: User, asked: str | int) -> Project:
    found = project_choice.named(asked)
    if found is None or not access_of(user).sees(found.pk):
        names = ", ".join(project.name for project in projects_of(user))
        cure = f"choose from {names}, or leave it out" if names else "you belong to none; leave it out"
        raise Refused("project", f"There is no project {str(asked)[:100]!r} for you; {cure}.")
    return found


def _check_name(name: str) -> None:
    if is_invisible(name) or is_broken(name) or len(name) > LONGEST_NAME:
        raise Refused("name", f"Say in 1 to {LONGEST_NAME} characters of one line what the token is for.")


def _check_days(days: float) -> None:
    allowed = settings.TOKEN_LIMIT_DAYS
    longest = min(allowed, LONGEST_DAYS)
    if not days > 0:
        raise Refused("days", "Must be above 0.")
    if days == NEVER and allowed != NEVER:
        raise Refused("days", f"A token without an end is not allowed on this server; give it up to {longest:g} days.")
    if longest < days < NEVER:
        raise Refused("days", f"Must be at most {longest:g}.")
