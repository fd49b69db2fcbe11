"""API tokens. Of a token its digest is stored, so nobody learns it from the database, a backup or the admin."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from knox.models import AbstractAuthToken

from access.models import Project
from accounts.scopes import Scope


class APIToken(AbstractAuthToken):  # type: ignore[misc]  # knox has no types
    """A token of a user: named, for a scope and maybe one project, until `expiry` (null: without an end).

    `token_key` is how it begins, by which its user knows it. A revoked token has no row.
    """

    id = models.BigAutoField(primary_key=True)
    digest = models.CharField(max_length=128, unique=True, editable=False)
    token_key = models.CharField("begins with", max_length=15, editable=False)
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.TRAIN)
    project = models.ForeignKey(
        Project,
        null=True,
        blank=True,
        on_delete=models.CASCADE,  # without it the token could reach others
        related_name="+",
        help_text="The one project that it is for; none: all of its user",
    )
    last_used = models.DateTimeField(null=True, blank=True, editable=False, help_text="To the minute")

    class Meta:
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.name} ({self.token_key}…)"

    @property
    def is_expired(self) -> bool:
        """Whether its end has come."""
        return self.expiry is not None and self.expiry <= timezone.now()

    @property
    def is_migrated(self) -> bool:
        """Whether it is of a version whose tokens had neither prefix nor end."""
        return not self.token_key.startswith(settings.REST_KNOX["TOKEN_PREFIX"])
