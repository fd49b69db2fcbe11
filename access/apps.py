"""The Django app `access`: projects, their members, and the one place that decides who may do what."""

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_save

from access.default_project import join_default_project


class AccessConfig(AppConfig):
    """The app's configuration."""

    name = "access"

    def ready(self) -> None:
        """Let new users join the default project, where the settings say so."""
        post_save.connect(join_default_project, sender=settings.AUTH_USER_MODEL, dispatch_uid="access")
