"""What Django answers where no view does: no such address, a request it refuses, an exception that nobody expected.

Programs are told in JSON, as by the REST API's own errors, people in a sentence. What went wrong inside is for the log.
"""

from __future__ import annotations

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from runs import storage_errors
from runs.refused_writes import refused_writes

API = "/api/"
NO_SUCH_ADDRESS = "There is no such address; /help/reference/rest-api.html lists those of the REST API."
BAD_REQUEST = "The server does not take such a request: look at its address, its headers and its length."
FORBIDDEN = "You may not do that."
FAILED = "The server failed; its log says why. Try again, and tell an administrator if it stays so."


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what Django finds suspicious, as a host name that is not ours or a thousand parameters."""
    return _told(request, 400, BAD_REQUEST) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _told(request, 403, FORBIDDEN) or defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _told(request, 404, NO_SUCH_ADDRESS) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 507 with the cure when the disk is to blame; Django calls it while it handles the exception."""
    error = sys.exc_info()[1]
    if error is not None and (sentence := storage_errors.of_a_request(error)):
        refused_writes.note()
        plain: dict[str, Any] = {"status": 507, "content_type": "text/plain; charset=utf-8"}
        return _told(request, 507, sentence) or HttpResponse(sentence, **plain)
    return _told(request, 500, FAILED) or defaults.server_error(request)


def _told(request: HttpRequest, status: int, detail: str) -> JsonResponse | None:
    """To programs alone."""
    return JsonResponse({"detail": detail}, status=status) if request.path.startswith(API) else None
