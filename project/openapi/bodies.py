"""The bodies of requests and answers of all operations, and the components that they refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel

from project.openapi import answer_examples, components, problems
from project.openapi.described_operations import described_operations
from project.openapi.field_schemas import body_schema
from runs.api_reference.operation import NO_BODY, Changed, Content

JSON = "application/json"
PARSED = ("*/*", "application/yaml")
"""Media types of which JSON schemas describe what is inside, if anything."""
Schema = dict[str, Any]


@dataclass(frozen=True)
class Bodies:
    """All bodies; `components` grows with those of requests, as operations ask for them."""

    answers: Mapping[tuple[str, int], Schema]
    components: dict[str, Schema]

    def of_answer(self, key: str, status: int) -> Schema:
        """Return the content of an answer; nothing where it has no body."""
        found = self.answers[key, status]
        return {"content": found} if found else {}

    def of_request(self, key: str, fields: Any) -> Schema:
        """Return the content of a request."""
        if isinstance(fields, tuple):
            return {kind: schema for one in fields for kind, schema in self.of_request(key, one).items()}
        if isinstance(fields, Content):
            return {fields.media_type: {"schema": _schema_of_content(fields)}}
        content: Schema = {"schema": self._reference(fields)}
        if (example := answer_examples.of_request(key)) is not None:
            content["example"] = example
        return {JSON: content}

    def _reference(self, fields: Any) -> Schema:
        if isinstance(fields, Mapping):
            return dict(fields)
        if isinstance(fields, Changed):
            reference, found = components.changes_schemas(fields.model, fields.name, fields.description)
            self.components.update(found)
            return reference
        if issubclass(fields, BaseModel):
            reference, found = components.request_schemas(fields)
            self.components.update(found)
            return reference
        found = body_schema(fields)
        if self.components.setdefault(fields.__name__, found) != found:
            raise ValueError(f"Two bodies are called {fields.__name__}; give {fields.__module__}'s another name.")
        return {"$ref": components.PLACE + fields.__name__}


@cache
def bodies() -> Bodies:
    """Build the answers of all described operations at once, so that each type has one component."""
    places = [
        (key, status, one)
        for key, described in described_operations().items()
        for status, body in described.operation.answers.items()
        for one in _alternatives(body)
    ]
    types = [one for _, _, one in places if not isinstance(one, Content)]
    schemas, found = components.answer_schemas([*types, problems.Problem])
    rest = iter(schemas)
    answers: dict[tuple[str, int], Schema] = {
        (key, status): {} for key, described in described_operations().items() for status in described.operation.answers
    }
    for key, status, one in places:
        if isinstance(one, Content):
            answers[key, status][one.media_type] = {"schema": _schema_of_content(one)}
            continue
        schema, earlier = next(rest), answers[key, status].get(JSON)
        content = {"schema": schema} if earlier is None else {"schema": {"anyOf": [earlier["schema"], schema]}}
        if (example := answer_examples.of_answer(key, status)) is not None:
            content["example"] = example
        answers[key, status][JSON] = content
    return Bodies(answers, found)


def _alternatives(body: Any) -> Iterator[Any]:
    """Yield the bodies that a status may have: JSON types, and files."""
    parts = body if isinstance(body, tuple) else (body,)
    yield from (part for part in parts if part is not NO_BODY)


def _schema_of_content(content: Content) -> Schema:
    """Return the schema of a file; of one that programs may parse by its media type, nothing is said but what it is."""
    if content.schema is not None:
        return {**content.schema, "description": content.description}
    kind: Schema = {"type": "string"} if content.is_text else {"type": "string", "format": "binary"}
    return ({} if content.media_type in PARSED else kind) | {"description": content.description}
