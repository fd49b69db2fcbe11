"""The Django app `runs`."""

from django.apps import AppConfig
from django.core.checks import register

from runs.check_tags import INSTALLATION
from runs.files.checks import check_database, check_files
from runs.loading import lean_framework  # noqa: F401  # before anything else loads the framework


class RunsConfig(AppConfig):
    """The app's configuration."""

    name = "runs"

    def ready(self) -> None:
        """Register the system checks."""
        register(check_database, INSTALLATION)
        register(check_files, INSTALLATION)
