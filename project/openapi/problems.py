"""The refusals that operations have in common, in the one shape of all errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from project.openapi.components import PLACE

MEDIA_TYPE = "application/json"
ALWAYS = {
    400: "The request is wrong: each wrong field is named, with its cure. Nothing was done.",
    401: "No login: the token is missing, wrong, revoked or over.",
    403: "Not allowed: the scope of the token does not suffice, or the right belongs to others.",
    405: "The address does not take this method.",
    406: "The answer does not come in the media type that `Accept` asks for.",
    429: "Too many large requests are under way, or too many wrong tokens came from this address.",
}
OF_NAMES = {404: "It does not exist, or is not yours to see."}
OF_BODIES = {
    413: "The body is longer than the address takes.",
    415: "The body is not sent as the media type that the address takes.",
    507: "Nothing was stored: the disk is full or cannot be written.",
}


class FieldProblem(TypedDict):
    """What is wrong with one field of a request."""

    field: str
    message: str


class Problem(TypedDict):
    """Why a request was refused; `detail` is a sentence for people."""

    detail: str
    errors: NotRequired[list[FieldProblem]]
    more: NotRequired[int]


def answers(refusals: Mapping[int, str], *, has_body: bool, names_something: bool) -> dict[str, Any]:
    """Return the refusals of an operation by status."""
    found = ALWAYS | (OF_NAMES if names_something else {}) | (OF_BODIES if has_body else {}) | dict(refusals)
    return {str(status): _answer(status, words) for status, words in sorted(found.items())}


def _answer(status: int, words: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": words,
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{PLACE}Problem"}}},
    }
    if status == 429:
        seconds = {"description": "Seconds after which to try again.", "schema": {"type": "integer", "minimum": 0}}
        answer["headers"] = {"Retry-After": seconds}
    return answer
