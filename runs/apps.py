from django.apps import AppConfig
from django.core.checks import register

from runs.checks import check_database, check_files


class RunsConfig(AppConfig):
    name = "runs"

    def ready(self) -> None:
        register(check_database)
        register(check_files)
