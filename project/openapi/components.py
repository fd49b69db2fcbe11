"""The shapes of requests and answers as JSON schemas, from the types that the code has for them.

Answers are TypedDicts, msgspec Structs and dataclasses; the request of a training is a pydantic model. All are found
under their names in `#/components/schemas/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from pydantic import BaseModel

Schema = dict[str, Any]
PLACE = "#/components/schemas/"


def answer_schemas(types: Iterable[Any]) -> tuple[list[Schema], dict[str, Schema]]:
    """Return the schema of each type, and the components that these refer to."""
    found, components = msgspec.json.schema_components(list(types), ref_template=PLACE + "{name}")
    return [_tidy(schema) for schema in found], {name: _tidy(schema) for name, schema in components.items()}


def request_schemas(model: type[BaseModel]) -> tuple[Schema, dict[str, Schema]]:
    """Return a reference to the model, and the components that make it up."""
    schema = model.model_json_schema(ref_template=PLACE + "{model}")
    parts = schema.pop("$defs", {})
    components = {name: _tidy(part) for name, part in {model.__name__: schema, **parts}.items()}
    return {"$ref": PLACE + model.__name__}, components


def changes_schemas(model: type[BaseModel], name: str, description: str) -> tuple[Schema, dict[str, Schema]]:
    """Return the same with nothing required: what a copy changes."""
    _, components = request_schemas(model)
    whole = components.pop(model.__name__)
    components[name] = {key: value for key, value in whole.items() if key != "required"} | {
        "title": name,
        "description": description,
    }
    return {"$ref": PLACE + name}, components


def _tidy(schema: Any) -> Any:
    """Put descriptions of several lines into one; their breaks are those of the source."""
    if isinstance(schema, Mapping):
        return {key: _text(value) if key == "description" else _tidy(value) for key, value in schema.items()}
    return [_tidy(item) for item in schema] if isinstance(schema, list) else schema


def _text(value: Any) -> Any:
    """Return a description on one line; a property that is called so is a schema of its own."""
    return " ".join(value.split()) if isinstance(value, str) else _tidy(value)
