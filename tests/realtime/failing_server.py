"""A web server whose functions fail on demand."""

from __future__ import annotations

from pathlib import Path

from tests.servers import WebServer


class FailingServer(WebServer):
    """Serves `tests.realtime.failing_application`, which says what can fail."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "tests.realtime.failing_application:application")
        self._faults = folder / "home" / "faults"

    def fail(self, name: str) -> None:
        """Make the function fail at its next call."""
        (self._faults / name).touch()

    def has_failed(self, name: str) -> bool:
        """Tell whether that call has come."""
        return not (self._faults / name).exists()
