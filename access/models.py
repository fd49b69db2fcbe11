"""Projects and their members. Runs, groups, data sets and reports belong to one project each."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from access.roles import Role

LONGEST_NAME: Final = 100


class Project(models.Model):
    """What belongs together and is seen by the same people. A quota that is null is none.

    Its name is not of digits alone: requests name a project by name or number.
    """

    name = models.CharField(
        max_length=LONGEST_NAME,
        unique=True,
        validators=[
            RegexValidator(
                r"^(?!\d+$)\S(?:[^\x00-\x1f\x7f]*\S)?$",
                "Give it 1 to 100 characters on one line, not digits alone, without spaces at the ends.",
            )
        ],
    )
    description = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    max_queued = models.PositiveIntegerField(null=True, blank=True, help_text="Limit of its queued runs")
    max_running = models.PositiveIntegerField(null=True, blank=True, help_text="Limit of its runs at a time")
    max_disk_bytes = models.PositiveBigIntegerField(null=True, blank=True, help_text="Limit of its files, in bytes")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """The role of a user in a project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    role = models.CharField(max_length=10, choices=Role)
    from_group = models.CharField(
        max_length=255, blank=True, default="", help_text="The group of single sign-on that gave it; blank: by hand"
    )

    class Meta:
        ordering = ["project", "user"]
        # By user first: each request asks for the memberships of its user.
        constraints = [models.UniqueConstraint(fields=["user", "project"], name="one_role_per_member")]

    def __str__(self) -> str:
        return f"{self.user} in {self.project}: {self.role}"
