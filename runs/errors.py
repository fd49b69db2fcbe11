"""The JSON of every REST error: `{"detail": sentence}`, for a 400 also `"errors": [{"field", "message"}]` and `more`.

A 400 may have further fields that say how to mend the request.

An answer stays small whatever was sent: it names the first problems and counts the others.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any, TypedDict

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler as drf_exception_handler

from runs.failures import storage_errors
from runs.failures.refused_writes import refused_writes

logger = logging.getLogger(__name__)

MOST_ERRORS = 20
LONGEST_FIELD = 200
LONGEST_MESSAGE = 2_000
_ANSWERS = (APIException, Http404, PermissionDenied)


class FieldError(TypedDict):
    """One fault; `field` is a dotted path (`trainer.max_epochs`), empty when no single field is wrong."""

    field: str
    message: str


class Conflict(APIException):
    """409: the request is not possible in the present state; the sentence says what is in the way."""

    status_code = 409
    default_code = "conflict"


class NoRoom(APIException):
    """507: the server's disk is full, or would be, or cannot be written; the sentence has the cure."""

    status_code = 507
    default_code = "no_room"


class WithFacts(APIException):
    """The base of refusals whose answers have further fields, `facts`, for programs."""

    facts: Mapping[str, Any] = MappingProxyType({})


class InvalidRequest(APIException):
    """400 with the first wrong fields named, each together with its cure; `more` is how many others are wrong.

    `cures` are further fields of the answer, for programs that mend the request.
    """

    status_code = 400
    default_code = "invalid"

    def __init__(self, errors: Iterable[FieldError], more: int = 0, cures: Mapping[str, Any] | None = None) -> None:
        rest = iter(errors)
        self.cures = dict(cures or {})
        self.errors = [_shortened(error) for error in islice(rest, MOST_ERRORS)]
        self.more = more + sum(1 for _ in rest)
        super().__init__(_sentence(self.errors, self.more))


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Build the body of every REST error; DRF decides status and headers."""
    if not isinstance(exc, _ANSWERS) and (sentence := storage_errors.of_a_request(exc)):
        logger.error("%s: not stored", context["request"].path, exc_info=exc)
        refused_writes.note()
        exc = NoRoom(sentence)
    elif isinstance(exc, ValidationError):
        exc = InvalidRequest(_flatten(exc.detail, ""))
    response = drf_exception_handler(exc, context)
    if response is not None and isinstance(exc, InvalidRequest):
        response.data = {**exc.cures, "detail": str(exc.detail), "errors": exc.errors, "more": exc.more}
    elif response is not None and isinstance(exc, WithFacts):
        response.data = {**exc.facts, "detail": str(exc.detail)}
    return response


def _sentence(errors: list[FieldError], more: int) -> str:
    sentences = [f"{error['field']}: {error['message']}" if error["field"] else error["message"] for error in errors]
    return " ".join([*sentences, *([f"And {more:,} more; correct these first."] if more else [])])


def _shortened(error: FieldError) -> FieldError:
    return {"field": _cut(error["field"], LONGEST_FIELD), "message": _cut(error["message"], LONGEST_MESSAGE)}


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


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
