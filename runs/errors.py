"""The JSON of every REST error: `{"detail": sentence}`, and for a 400 also `"errors": [{"field", "message"}]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypedDict

from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler as drf_exception_handler


class FieldError(TypedDict):
    """One fault; `field` is a dotted path (`trainer.max_epochs`), empty when no single field is wrong."""

    field: str
    message: str


class Conflict(APIException):
    """409: the request is not possible in the present state; the sentence says what is in the way."""

    status_code = 409
    default_code = "conflict"


class NoRoom(APIException):
    """507: the server's disk is full, or would be; the sentence says what to free."""

    status_code = 507
    default_code = "no_room"


class InvalidRequest(APIException):
    """400 with each wrong field named, together with its cure."""

    status_code = 400
    default_code = "invalid"

    def __init__(self, errors: Iterable[FieldError]) -> None:
        self.errors = list(errors)
        super().__init__(_sentence(self.errors))


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Build the body of every REST error; DRF decides status and headers."""
    response = drf_exception_handler(exc, context)
    if response is not None and isinstance(exc, InvalidRequest | ValidationError):
        errors = exc.errors if isinstance(exc, InvalidRequest) else list(_flatten(exc.detail, ""))
        response.data = {"detail": _sentence(errors), "errors": errors}
    return response


def _sentence(errors: list[FieldError]) -> str:
    return " ".join(f"{error['field']}: {error['message']}" if error["field"] else error["message"] for error in errors)


def _flatten(detail: Any, field: str) -> Iterator[FieldError]:
    """Name each field by its path; DRF nests details as the request was nested."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            named = "" if key == api_settings.NON_FIELD_ERRORS_KEY else str(key)
            yield from _flatten(inner, ".".join(part for part in (field, named) if part))
    elif isinstance(detail, list | tuple):
        for inner in detail:
            yield from _flatten(inner, field)
    else:
        yield {"field": field, "message": str(detail)}
