"""The problems of the REST API: each refused request is answered as RFC 9457 says, in `runs.problems`' types.

An `InvalidRequest` has `errors`, each with the place of the fault and a sentence with its cure, and `more`, how many
others there are. It may have further members that say how to mend the request. `field` and `message` of an error are
what older programs read; they go with the next version.

An answer stays small whatever was sent: it names the first problems and counts the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any, Literal, NotRequired, TypeAlias, TypedDict

from rest_framework.exceptions import APIException, ValidationError
from rest_framework.settings import api_settings

from runs.problems import problem_types
from runs.problems.problem_types import ProblemType

MOST_ERRORS = 20
LONGEST_FIELD = 200
LONGEST_MESSAGE = 2_000
BODY = "(body)"
"""The field of a fault of the whole body."""
Place: TypeAlias = Literal["body", "parameter", "header"]
"""Where a field is: in the JSON, in the address, or among the headers."""


class FieldError(TypedDict):
    """One fault; `field` is a dotted path (`trainer.max_epochs`), empty when no single field is wrong.

    `path` is the same in parts, for fields whose names have dots or whose parts are numbers of items.
    """

    field: str
    message: str
    path: NotRequired[Sequence[str | int]]


class WithFacts(APIException):
    """The base of refusals whose answers have further fields, `facts`, for programs."""

    facts: Mapping[str, Any] = MappingProxyType({})


class Conflict(WithFacts):
    """409: the request is not possible in the present state; the sentence says what is in the way.

    `facts` are further members of the problem, `headers` of the answer.
    """

    status_code = 409
    default_code = "conflict"

    def __init__(
        self, detail: str, facts: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        self.facts, self.headers = dict(facts or {}), dict(headers or {})
        super().__init__(detail)


class NoRoom(APIException):
    """507: the server's disk is full, or would be, or cannot be written; the sentence has the cure."""

    status_code = 507
    default_code = "no_room"


class InvalidRequest(APIException):
    """400 with the first wrong fields named, each together with its cure; `more` is how many others are wrong.

    `cures` are further members of the answer, for programs that mend the request. `place` is where the fields are;
    None: where a request of that method has them.
    """

    status_code = 400
    default_code = "invalid"
    problem: ProblemType = problem_types.INVALID_REQUEST

    def __init__(
        self,
        errors: Iterable[FieldError],
        more: int = 0,
        cures: Mapping[str, Any] | None = None,
        *,
        place: Place | None = None,
    ) -> None:
        rest = iter(errors)
        self.cures = dict(cures or {})
        self.errors = [_shortened(error) for error in islice(rest, MOST_ERRORS)]
        self.more = more + sum(1 for _ in rest)
        self.place = place
        super().__init__(_sentence(self.errors, self.more))


class MalformedBody(InvalidRequest):
    """400: the body is no JSON with one meaning; the sentence says where and how to mend it."""

    default_code = "malformed_body"
    problem = problem_types.MALFORMED_BODY


def invalid(error: ValidationError, place: Place | None = None) -> InvalidRequest:
    """Turn an error of DRF's serializers into ours."""
    return InvalidRequest(_flatten(error.detail, ()), place=place)


def _sentence(errors: list[FieldError], more: int) -> str:
    sentences = [f"{error['field']}: {error['message']}" if error["field"] else error["message"] for error in errors]
    return " ".join([*sentences, *([f"And {more:,} more; correct these first."] if more else [])])


def _shortened(error: FieldError) -> FieldError:
    field, message = _cut(error["field"], LONGEST_FIELD), _cut(error["message"], LONGEST_MESSAGE)
    if "path" not in error or field != error["field"]:
        return {"field": field, "message": message}
    return {"field": field, "message": message, "path": error["path"]}


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def _flatten(detail: Any, path: tuple[str | int, ...]) -> Iterator[FieldError]:
    """Name each field by its path; DRF nests details as the request was nested."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            yield from _flatten(inner, path if key == api_settings.NON_FIELD_ERRORS_KEY else (*path, key))
    elif isinstance(detail, list | tuple):
        for place, inner in enumerate(detail):
            yield from _flatten(inner, (*path, place) if isinstance(inner, Mapping) else path)
    else:
        yield {"field": ".".join(map(str, path)), "message": str(detail), "path": path}
