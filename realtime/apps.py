from django.apps import AppConfig
from django.core.checks import register

from realtime.checks import check_public_address


class RealtimeConfig(AppConfig):
    name = "realtime"

    def ready(self) -> None:
        register(check_public_address)
