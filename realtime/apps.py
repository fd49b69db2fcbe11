"""The Django app `realtime`."""

from django.apps import AppConfig
from django.core.checks import register

from realtime import access_hints
from realtime.checks import check_public_address
from runs.check_tags import INSTALLATION


class RealtimeConfig(AppConfig):
    """Registers the system check of the public address, records logins, and announces rights that change."""

    name = "realtime"

    def ready(self) -> None:
        """Register the check, and hear of logins and of what users may see."""
        from realtime.logins import login_events  # noqa: PLC0415  (it needs models, which are loaded by now)

        register(check_public_address, INSTALLATION)
        login_events.listen()
        access_hints.connect()
