"""Answer where no view does: unknown addresses, requests that Django refuses, unexpected exceptions.

Programs get a problem, as from the REST API's own errors, people a sentence. Internal details go to the log only.
"""

from __future__ import annotations

import sys
from typing import Any

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.views import csrf, defaults

from runs.failures import storage_errors
from runs.failures.refused_writes import refused_writes
from runs.problems import problem_types
from runs.problems.problem_details import problem_answer
from runs.problems.problem_types import ProblemType

API = "/api/"
NO_SUCH_ADDRESS = "There is no such address; /help/reference/rest-api.html lists those of the REST API."
BAD_REQUEST = "The server does not accept this request: check its address, its headers and its length."
HOST = "The server is not called so: ask it by one of its own names, which LIVETRAIN_ALLOWED_HOSTS lists."
FORBIDDEN = "You may not do that."
NO_CSRF_TOKEN = "The CSRF token is missing or wrong: load the page again, or send an API token instead of a session."  # noqa: S105
FAILED = "The server failed; its log says why. Try again, and tell an administrator if it stays so."


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400 to what Django finds suspicious, such as a foreign host name or a thousand parameters."""
    if isinstance(exception, DisallowedHost):
        found = _problem(request, problem_types.HOST_NOT_ALLOWED, HOST)
    else:
        found = _problem(request, problem_types.BAD_REQUEST, BAD_REQUEST)
    return found or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return _problem(request, problem_types.NOT_ALLOWED, FORBIDDEN) or defaults.permission_denied(request, exception)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form of another site, or of a page that was open for too long."""
    return _problem(request, problem_types.CSRF_FAILED, NO_CSRF_TOKEN) or csrf.csrf_failure(request, reason)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    found = _problem(request, problem_types.UNKNOWN_ADDRESS, NO_SUCH_ADDRESS)
    return found or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 507 with the cure when the disk is to blame; called while the exception is handled."""
    error = sys.exc_info()[1]
    if error is not None and (sentence := storage_errors.of_a_request(error)):
        refused_writes.note()
        plain: dict[str, Any] = {"status": 507, "content_type": "text/plain; charset=utf-8"}
        return _problem(request, problem_types.NO_ROOM, sentence) or HttpResponse(sentence, **plain)
    return _problem(request, problem_types.SERVER_ERROR, FAILED) or defaults.server_error(request)


def _problem(request: HttpRequest, kind: ProblemType, detail: str) -> HttpResponse | None:
    """Build the answer for a program; None for a page."""
    return problem_answer(kind, detail) if request.path.startswith(API) else None
