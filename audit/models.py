"""The audit trail. Only `recording` adds rows; nothing changes or removes them but `pruning`, and triggers hold that.

No row refers to another table's: users, runs and projects may be deleted, and what they did stays. A migration that
changes these tables first drops the triggers (`append_only.drop_triggers`): SQLite makes tables again for most changes.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from audit.via import Via


class AuditEvent(models.Model):
    """Something that happened: by whom, from where, to what. Names are copied, numbers refer to nothing.

    Of an action that is counted, it is the first of a time, and `repeats` has how many there were.
    """

    at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=40)
    user_id = models.BigIntegerField(null=True, blank=True)
    user_name = models.CharField("user", max_length=150, blank=True)
    via = models.CharField(max_length=10, choices=Via)
    credential = models.CharField(
        max_length=130, blank=True, help_text="Of an API token name and beginning; of a command the system's account"
    )
    address = models.CharField(max_length=45, blank=True, help_text="Of the client; of IPv6 the network")
    request_id = models.CharField(max_length=100, blank=True)
    project_id = models.BigIntegerField(null=True, blank=True)
    target_type = models.CharField(max_length=40, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    target_name = models.CharField("target", max_length=200, blank=True)
    details = models.JSONField(default=dict, blank=True)
    pruned_before = models.DateTimeField(
        null=True, blank=True, help_text="Events before it may be removed from then on; of `audit.pruned` alone"
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = "event"
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["action", "id"], name="audit_action"),
            models.Index(fields=["user_id", "id"], name="audit_user"),
            models.Index(fields=["user_name", "id"], name="audit_user_name"),
            models.Index(fields=["project_id", "id"], name="audit_project"),
            models.Index(fields=["address", "id"], name="audit_address"),
            models.Index(fields=["target_type", "target_id", "id"], name="audit_target"),
            models.Index(fields=["pruned_before"], name="audit_pruned", condition=Q(pruned_before__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(pruned_before=None) | Q(action="audit.pruned", pruned_before__lte=F("at")),
                name="audit_prunes_the_past",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} ({self.pk})"


class Repeats(models.Model):
    """How often what an event says happened within its time; `key` names action, user, address, target and time."""

    event = models.OneToOneField(
        AuditEvent, primary_key=True, on_delete=models.DO_NOTHING, related_name="repeats", db_constraint=False
    )
    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.count} times"
