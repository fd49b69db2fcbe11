"""Bring the database to this version's tables; several processes may ask at once."""

from __future__ import annotations

import fcntl

from django.conf import settings
from django.core.management import call_command


def bring_up_to_date() -> None:
    """Migrate. On one machine one process does, the others wait for it; commands therefore work before `serve` ran."""
    with (settings.LIVETRAIN_HOME / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        call_command("migrate", verbosity=0, interactive=False)
