"""How an operation of the REST API is described: once, beside its app, and read only when somebody asks for the schema.

Each app has a module or a package `api_reference` whose modules have `TAG` and `OPERATIONS`: the operations by method
and name of their address, such as `"GET run-list"`. No view imports them, so server processes do not load them before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel

    from runs.listing.filters import Parameters

NO_BODY = type(None)
"""The answer without a body."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """A body that is not JSON: its media type, and what it is; of a form with its `schema`."""

    media_type: str
    description: str
    is_text: bool = False
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """A body with any of the fields of a pydantic model, none of which is required."""

    model: type[BaseModel]
    name: str
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """A header of a request or of an answer, with the JSON schema of its value."""

    description: str
    schema: Mapping[str, Any]
    is_required: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """What an operation does, takes and answers.

    `answers` are the bodies by status: a type (TypedDict, msgspec Struct or dataclass), `NO_BODY`, `Content`, or
    several of them, of which `Content` comes with its media type. `parameters` are those of the address (by default
    the view's `parameters`), `body` the fields of the request's body (by default the view's `body`): a class of
    parameters, a pydantic model, `Changed`, a ready JSON schema, `Content`, or a tuple of them, of which one is sent.
    `refusals` are statuses that not all operations have, and when they come: 404 is added where the address names
    something, 413 and 415 where there is a body.
    """

    summary: str
    answers: Mapping[int, Any]
    description: str = ""
    parameters: type[Parameters] | None = None
    body: Any = None
    headers: Mapping[str, Header] = field(default_factory=dict)
    answer_headers: Mapping[str, Header] = field(default_factory=dict)
    refusals: Mapping[int, str] = field(default_factory=dict)
    is_body_required: bool = True
