"""The Django app `realtime`."""

from django.apps import AppConfig
from django.core.checks import register

from realtime import access_hints
from realtime.checks import check_public_address
from runs.check_tags import INSTALLATION


class RealtimeConfig(AppConfig):
    """Registers the system check of the public address, and announces rights that change."""

    name = "realtime"

    def ready(self) -> None:
        """Register the check, and hear of what users may see."""
        register(check_public_address, INSTALLATION)
        access_hints.connect()
