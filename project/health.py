"""`/healthz` and `/readyz`: two questions that a supervisor or load balancer asks, without a login."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from shutil import disk_usage

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from project.http_application import answered_at_once
from realtime.hubs.log_once import LogOnce
from runs import schema
from runs.failures import storage_errors
from runs.failures.refused_writes import refused_writes

logger = logging.getLogger(__name__)

LEAST_BYTES = 16 * 2**20
"""Free space needed in the home and in an SQLite database's folder; with less, the next request may fail."""
PROBE_BYTES = 4_096
REFUSED_SECONDS = 10.0
JUST_REFUSED = "Something could not be stored some seconds ago; the server's log says what and why."
MAKE_ROOM = "The server's disk is full: make room. manage.py doctor says where."
MAKE_WRITABLE = "The server cannot write where it stores its data: manage.py doctor says where and why."


@answered_at_once
@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 as long as this process answers at all; asks nothing of the database."""
    return JsonResponse({"alive": True})


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when requests can be served, else 503 with the part that fails; the log has the details."""
    try:
        failing, cure = _readiness.check()
    except Error as error:
        _outage.failed(error)
        failing, cure = "database", "The database does not answer; the server's log says how."
    else:
        _outage.recovered()
    if failing:
        return JsonResponse({"ready": False, "failing": failing, "detail": cure}, status=503)
    return JsonResponse({"ready": True})


class Readiness:
    """The readiness of this process.

    It remembers that all migrations are applied: they are not taken back, and checking costs a hundred file reads.
    """

    def __init__(self) -> None:
        self._migrated = False

    def check(self) -> tuple[str, str]:
        """Return the part that fails and its cure, both blank when none does. Raises django.db.Error."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        self._migrated = self._migrated or not schema.unapplied_migrations()
        if not self._migrated:
            return "migrations", "Run: manage.py migrate"
        return _trouble_of_disks() or _trouble_of_database() or _trouble_of_writes() or ("", "")


def _trouble_of_writes() -> tuple[str, str] | None:
    """Report a write refused seconds ago: the disk of a database server cannot be checked from here."""
    return ("disk", JUST_REFUSED) if refused_writes.within(REFUSED_SECONDS) else None


def _trouble_of_disks() -> tuple[str, str] | None:
    """Write to each folder, as rights, quotas and mounts can all prevent it; report what fails."""
    for folder in _folders():
        try:
            if disk_usage(folder).free < LEAST_BYTES:
                return "disk", MAKE_ROOM
            with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
                file.write(bytes(PROBE_BYTES))
        except OSError as error:
            full = storage_errors.trouble_of(error) is storage_errors.Trouble.FULL
            _disk_outage.failed(error)
            return "disk", MAKE_ROOM if full else MAKE_WRITABLE
    _disk_outage.recovered()
    return None


def _folders() -> list[Path]:
    """List the home, and an SQLite database's folder if it is outside."""
    home = Path(settings.LIVETRAIN_HOME)
    if connection.vendor != "sqlite":
        return [home]
    return list(dict.fromkeys([home, Path(connection.settings_dict["NAME"]).absolute().parent]))


def _trouble_of_database() -> tuple[str, str] | None:
    """Report a database that takes no writes: a PostgreSQL stand-by, an SQLite file without the right."""
    if connection.vendor == "sqlite":
        writable = os.access(connection.settings_dict["NAME"], os.W_OK)
    else:
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_read_only")
            writable = cursor.fetchone()[0] == "off"
    return None if writable else ("database", MAKE_WRITABLE)


_readiness = Readiness()
_outage = LogOnce(logger, "Asking the database whether this server is ready")
_disk_outage = LogOnce(logger, "Writing to the home and the database's folder")
