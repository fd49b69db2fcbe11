"""Both clocks in the hands of a test: `runs.clock` is the one place where they are read."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from runs import clock


class Clocks:
    """They stand still, from where they were, but for what a test does to them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.monotonic = timezone.now(), clock.monotonic()
        monkeypatch.setattr(clock, "now", lambda: self.wall)
        monkeypatch.setattr(clock, "monotonic", lambda: self.monotonic)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.monotonic += seconds
        self.wall += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        """Set the wall clock, forward as a sleep of the machine does, or back."""
        self.wall += timedelta(seconds=seconds)

    def ago(self, moment: datetime | None) -> float:
        """Return how many seconds that moment is behind the wall clock."""
        assert moment is not None
        return (self.wall - moment).total_seconds()
