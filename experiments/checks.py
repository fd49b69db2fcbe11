"""System checks of what trainings may read, and of how long a lease lasts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

SHORTEST_LEASE_SECONDS = 5.0  # it is renewed once a second; a busy machine may pause a thread for seconds


def check_data_roots(**_options: Any) -> list[CheckMessage]:
    """Refuse a data root that holds the server's home: all who may submit trainings may read below it."""
    home = settings.LIVETRAIN_HOME
    return [
        Error(
            f"The data root {root} holds the server's own folder {home}, with its secrets.",
            hint="Name the folders with data alone in LIVETRAIN_DATA_ROOTS, or move LIVETRAIN_HOME.",
            id="experiments.E001",
        )
        for root in settings.LIVETRAIN_DATA_ROOTS
        if home.is_relative_to(root)
    ]


def check_lease(**_options: Any) -> list[CheckMessage]:
    """Warn of leases so short that they end while their worker lives, which starts the same run twice."""
    if settings.LEASE_SECONDS >= SHORTEST_LEASE_SECONDS:
        return []
    text = f"A lease of {settings.LEASE_SECONDS:g} s expires while a worker is merely busy; its runs start again."
    hint = f"Set LIVETRAIN_LEASE_SECONDS to {SHORTEST_LEASE_SECONDS:g} or more."
    return [Warning(text, hint=hint, id="experiments.W001")]
