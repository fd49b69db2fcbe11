"""Answer where no view does: unknown addresses, requests that Django refuses, unexpected exceptions.

Programs get JSON, as from the REST API's own errors, people a sentence. Internal details go to the log only.
"""

from __future__ import annotations

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults

from runs.failures import storage_errors
from runs.failures.refused_writes import refused_writes

API = "/api/"
NO_SUCH_ADDRESS = "There is no such address; /help/reference/rest-api.html lists those of the REST API."
BAD_REQUEST = "The server does not accept this request: check its address, its headers and its length."
FORBIDDEN = "You may not do that."
FAILED = "The server failed; its log says why. Try again, and tell an administrator if it stays so."


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 to what Django finds suspicious, such as a foreign host name or a thousand parameters."""
    return _json_answer(request, 400, BAD_REQUEST) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return _json_answer(request, 403, FORBIDDEN) or defaults.permission_denied(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    return _json_answer(request, 404, NO_SUCH_ADDRESS) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 507 with the cure when the disk is to blame; called while the exception is handled."""
    error = sys.exc_info()[1]
    if error is not None and (sentence := storage_errors.of_a_request(error)):
        refused_writes.note()
        plain: dict[str, Any] = {"status": 507, "content_type": "text/plain; charset=utf-8"}
        return _json_answer(request, 507, sentence) or HttpResponse(sentence, **plain)
    return _json_answer(request, 500, FAILED) or defaults.server_error(request)


def _json_answer(request: HttpRequest, status: int, detail: str) -> JsonResponse | None:
    """Build the JSON answer for a program; None for a page."""
    return JsonResponse({"detail": detail}, status=status) if request.path.startswith(API) else None
