"""What every refused request of the REST API is answered with: its problem, from the exceptions of `runs.errors`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.exceptions import APIException, MethodNotAllowed, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as of_framework

from runs.errors import BODY, FieldError, InvalidRequest, NoRoom, Place, WithFacts, invalid
from runs.failures import storage_errors
from runs.failures.refused_writes import refused_writes
from runs.problems import problem_types
from runs.problems.json_pointers import pointer
from runs.problems.problem_details import CONTENT_TYPE, details
from runs.problems.problem_types import ProblemType

logger = logging.getLogger(__name__)

_ANSWERS = (APIException, Http404, PermissionDenied)
_WITHOUT_BODY = ("GET", "HEAD", "DELETE")


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Build the problem of every REST error; DRF decides status and headers."""
    if not isinstance(exc, _ANSWERS) and (sentence := storage_errors.of_a_request(exc)):
        logger.error("%s: not stored", context["request"].path, exc_info=exc)
        refused_writes.note()
        exc = NoRoom(sentence)
    elif isinstance(exc, ValidationError):
        exc = invalid(exc)
    response = of_framework(exc, context)
    if response is not None:
        if isinstance(exc, MethodNotAllowed) and context["request"].method == "OPTIONS":
            return Response(status=204)  # with `Allow`, as every answer
        more = _more(exc, context["request"].method or "")
        status = response.status_code
        response.data = details(_type_of(exc, status), _sentence_of(response, exc), status=status, more=more)
        response.content_type = CONTENT_TYPE
        for name, value in getattr(exc, "headers", {}).items():
            response[name] = value
    return response


def _type_of(exc: Exception, status: int) -> ProblemType | None:
    found: ProblemType | None = getattr(exc, "problem", None) or problem_types.general(status)
    return found


def _sentence_of(response: Response, exc: Exception) -> str:
    if isinstance(exc, InvalidRequest):
        return str(exc.detail)
    said = response.data.get("detail") if isinstance(response.data, Mapping) else None
    return str(said or getattr(exc, "detail", ""))


def _more(exc: Exception, method: str) -> dict[str, Any]:
    """Return the members that only this kind of problem has."""
    if isinstance(exc, WithFacts):
        return dict(exc.facts)
    if not isinstance(exc, InvalidRequest):
        return {}
    place = exc.place or ("parameter" if method in _WITHOUT_BODY else "body")
    return {**exc.cures, "errors": [_described(error, place) for error in exc.errors], "more": exc.more}


def _described(error: FieldError, place: Place) -> dict[str, Any]:
    """Say where the fault is, as RFC 9457 does where it is in the body."""
    field = error["field"]
    if field in ("", BODY):
        where = {"pointer": pointer(())}
    elif place == "body":
        where = {"pointer": pointer(error.get("path", field.split(".")))}
    else:
        where = {place: field}
    return {**where, "detail": error["message"], "field": field, "message": error["message"]}
