from django.apps import AppConfig
from django.core.checks import register

from runs.checks import check_database


class RunsConfig(AppConfig):
    name = "runs"

    def ready(self) -> None:
        register(check_database)
