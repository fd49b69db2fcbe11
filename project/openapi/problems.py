"""The refusals that operations have in common, in the one shape of all errors: RFC 9457's problem details."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from project.openapi.components import PLACE
from runs.problems.problem_details import CONTENT_TYPE
from runs.problems.problem_types import PROBLEM_TYPES

Schema = dict[str, Any]
SHARED = "#/components/responses/"
ALWAYS = {
    400: "The request is wrong: each wrong field is named, with its cure. Nothing was done.",
    401: "No login: the token is missing, wrong, revoked or over.",
    403: "Not allowed: the scope of the token does not suffice, or the right belongs to others.",
    405: "The address does not take this method.",
    406: "The answer does not come in a media type that `Accept` asks for.",
    429: "Too many large requests are under way, or too many wrong tokens came from this address.",
}
OF_NAMES = {404: "It does not exist, or is not yours to see."}
OF_BODIES = {
    413: "The body is longer than the address takes.",
    415: "The body is not sent as the media type that the address takes.",
}
OF_WRITES = {507: "Nothing was stored: the disk is full or cannot be written."}


class FieldProblem(TypedDict):
    """What is wrong with one field: a `pointer` into the body, or the name of a `parameter` or `header`.

    `field` and `message` are what older programs read; they go with the next version.
    """

    detail: str
    pointer: NotRequired[str]
    parameter: NotRequired[str]
    header: NotRequired[str]
    field: str
    message: str


class Problem(TypedDict):
    """Why a request was refused, after RFC 9457; `detail` is a sentence for people.

    `errors` are the first wrong fields, `more` counts the others. `request_id` is in the server's log, too. Members
    that say how to mend the request (`questions`, `possible`) and what stands in its way may come beside these.
    """

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None
    errors: NotRequired[list[FieldProblem]]
    more: NotRequired[int]


def answers(refusals: Mapping[int, str], *, has_body: bool, writes: bool, names_something: bool) -> Schema:
    """Return the refusals of an operation by status; those that many have refer to `shared`."""
    usual = {*ALWAYS, *(OF_NAMES if names_something else ()), *(OF_BODIES if has_body else ())}
    usual |= {*OF_WRITES} if writes else set()
    found = {status: {"$ref": f"{SHARED}{name_of(status)}"} for status in usual}
    found |= {status: _answer(status, words) for status, words in refusals.items()}
    return {str(status): found[status] for status in sorted(found)}


def shared() -> dict[str, Schema]:
    """Return the refusals that many operations have, by name."""
    every = ALWAYS | OF_NAMES | OF_BODIES | OF_WRITES
    return {name_of(status): _answer(status, words) for status, words in sorted(every.items())}


def name_of(status: int) -> str:
    """Return under which name a refusal is shared."""
    return f"Refused{status}"


def _answer(status: int, words: str) -> Schema:
    titles = [kind.title for kind in PROBLEM_TYPES if kind.status == status]
    narrowed = {"properties": {"status": {"const": status}, "title": {"enum": titles}}}
    answer: Schema = {
        "description": words,
        "content": {CONTENT_TYPE: {"schema": {"allOf": [{"$ref": f"{PLACE}Problem"}, narrowed]}}},
    }
    if status == 429:
        seconds = {"description": "Seconds after which to try again.", "schema": {"type": "integer", "minimum": 0}}
        answer["headers"] = {"Retry-After": seconds}
    return answer
