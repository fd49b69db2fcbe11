"""The Django app `runs`."""

from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_migrate

from runs.check_tags import INSTALLATION
from runs.files.checks import check_database, check_files
from runs.loading import lean_framework  # noqa: F401  # before anything else loads the framework
from runs.summaries import listed_runs


class RunsConfig(AppConfig):
    """The app's configuration."""

    name = "runs"

    def ready(self) -> None:
        """Register the system checks, and what follows a migration."""
        register(check_database, INSTALLATION)
        register(check_files, INSTALLATION)
        post_migrate.connect(listed_runs.after_migrating, sender=self)
