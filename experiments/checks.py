"""System checks of what trainings may read, and of how long their workers may be silent."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

SHORTEST_LEASE_SECONDS = 5.0  # it is renewed once a second; a busy machine may pause a thread for seconds


def check_data_roots(**_options: Any) -> list[CheckMessage]:
    """Whoever may submit a training may read below a data root."""
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
    """A lease that ends while its worker lives starts the same run twice."""
    if settings.LEASE_SECONDS >= SHORTEST_LEASE_SECONDS:
        return []
    text = f"A lease of {settings.LEASE_SECONDS:g} s is lost by workers that are merely busy; their runs start again."
    hint = f"Set LIVETRAIN_LEASE_SECONDS to {SHORTEST_LEASE_SECONDS:g} or more."
    return [Warning(text, hint=hint, id="experiments.W001")]
