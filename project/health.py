"""`/healthz` and `/readyz`: two questions that a supervisor or load balancer asks, without a login."""

from __future__ import annotations

import logging

from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from realtime.outage import Outage
from runs import schema

logger = logging.getLogger(__name__)


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
        failing, cure = _readiness.look()
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

    def look(self) -> tuple[str, str]:
        """Return the part that fails and its cure, both blank when none does. Raises django.db.Error."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        self._migrated = self._migrated or not schema.unapplied_migrations()
        return ("", "") if self._migrated else ("migrations", "Run: manage.py migrate")


_readiness = Readiness()
_outage = Outage(logger, "Asking the database whether this server is ready")
