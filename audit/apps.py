"""The Django app `audit`: who did what, when and from where."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from audit import append_only


class AuditConfig(AppConfig):
    """The app's configuration."""

    name = "audit"
    verbose_name = "Audit trail"

    def ready(self) -> None:
        """Register what follows a migration."""
        post_migrate.connect(append_only.after_migrating, sender=self)
