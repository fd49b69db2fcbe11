"""API tokens and share links.

Of their secrets the digests are stored, so nobody learns them from the database, a backup or the admin.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from knox.models import AbstractAuthToken

from access.models import Project
from accounts.scopes import Scope
from runs.models import Run


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


class ExternalIdentity(models.Model):
    """Whom a user is at an identity provider: who logs in there as `subject` is logged in here as `user`.

    Issuer and subject together are all that identifies somebody: names and addresses can pass to other people.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="external_identities")
    issuer = models.CharField(max_length=255, help_text="The provider's address: LIVETRAIN_OIDC_ISSUER")
    subject = models.CharField(max_length=255, help_text="The claim “sub”; the page of a refused login shows it")
    linked_at = models.DateTimeField(auto_now_add=True)
    last_login = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "external identity"
        verbose_name_plural = "external identities"
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="one_user_per_identity")]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"

    def clean(self) -> None:
        """Write the issuer as the settings have it: no other would ever be found."""
        self.issuer = self.issuer.rstrip("/")


class ShareLink(models.Model):
    """A link that shows runs, read-only, to anyone who has it, until `expires_at`; only `share_links.links` writes it.

    It holds as long as who made it may share these runs. With `with_samples` it shows pictures and predictions too.
    """

    digest = models.CharField(max_length=64, unique=True, editable=False)
    runs = models.ManyToManyField(Run, related_name="share_links")
    with_samples = models.BooleanField("with pictures and predictions", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="share_links")
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    last_used = models.DateTimeField(null=True, blank=True, help_text="To the minute")

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"share link {self.pk}"
