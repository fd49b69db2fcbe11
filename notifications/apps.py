"""The Django app `notifications`: who is told what of runs, by which channel, and what became of it."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import pre_delete
from django.utils.module_loading import import_string


class NotificationsConfig(AppConfig):
    """The app's configuration."""

    name = "notifications"

    def ready(self) -> None:
        """Record that another answers for what belongs to projects, when a user is deleted."""
        pre_delete.connect(_record_handing_over, sender=settings.AUTH_USER_MODEL, dispatch_uid="notifications")


def _record_handing_over(instance: Any, **_more: Any) -> None:
    record = import_string("audit.recording.record")
    for subscription in instance.subscriptions.filter(is_shared=True):
        record("channel.changed", target=subscription, fields=["user"], before=instance.get_username())
