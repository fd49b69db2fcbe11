"""The Django app `realtime`."""

from django.apps import AppConfig
from django.core.checks import register

from realtime.checks import check_public_address
from runs.check_tags import INSTALLATION


class RealtimeConfig(AppConfig):
    """Registers the system check of the public address, and the recording of logins."""

    name = "realtime"

    def ready(self) -> None:
        """Register both."""
        from realtime.logins import login_events  # noqa: PLC0415

        register(check_public_address, INSTALLATION)
        login_events.listen()
