"""Describe the parameters of requests as JSON schemas: from the fields that check them, so nothing is written twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import rest_framework.views  # noqa: F401  # before `runs.errors`, which both needs it and is loaded by it
from rest_framework import serializers
from rest_framework.fields import empty

from runs.listing.filters import Listed, Moment, Numbers, Parameters

Schema = dict[str, Any]
Field = serializers.Field[Any, Any, Any, Any]
NUMBER = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}


class UndescribedField(Exception):
    """A field of a kind that has no JSON schema yet; the text names the field and what to do."""


def parameters_of(fields: type[Parameters]) -> Iterator[Schema]:
    """Yield the parameters of an address, as OpenAPI writes them."""
    for name, found in fields().fields.items():
        schema = schema_of(found)
        words = schema.pop("description", None)
        parameter: Schema = {"name": name, "in": "query", "schema": schema}
        if words:
            parameter["description"] = words
        if found.required:
            parameter["required"] = True
        if isinstance(found, Listed):
            parameter |= {"style": "form", "explode": False}
        yield parameter


def body_schema(fields: type[Parameters]) -> Schema:
    """Return the schema of a JSON object with these fields and no others."""
    known = fields().fields
    schema: Schema = {
        "type": "object",
        "title": fields.__name__,
        "description": " ".join((fields.__doc__ or "").split()),
        "properties": {name: schema_of(found) for name, found in known.items()},
        "additionalProperties": False,
    }
    if required := [name for name, found in known.items() if found.required]:
        schema["required"] = required
    return schema


def schema_of(found: Field) -> Schema:
    """Return the schema of one field with its bounds, default and description; raises UndescribedField."""
    kind = next((make for cls, make in _KINDS.items() if isinstance(found, cls)), None)
    if kind is None:
        raise UndescribedField(
            f"{found.field_name}: {type(found).__name__} has no JSON schema; add it to project.openapi.field_schemas."
        )
    schema = kind(found)
    if found.allow_null:
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    if found.help_text:
        schema["description"] = str(found.help_text)
    if (default := _default(found)) is not empty:
        schema["default"] = default
    return schema


def _default(found: Field) -> Any:
    default = found.default() if callable(found.default) and found.default is not empty else found.default
    if default is empty or default == "":
        return empty
    return list(default) if isinstance(default, tuple) else default


def _bounded(found: Any, schema: Schema) -> Schema:
    bounds = {"minimum": found.min_value, "maximum": found.max_value}
    return schema | {name: bound for name, bound in bounds.items() if bound is not None}


def _text(found: Any) -> Schema:
    schema: Schema = {"type": "string"}
    if found.required and not found.allow_blank:
        schema["minLength"] = found.min_length or 1
    if found.max_length is not None:
        schema["maxLength"] = found.max_length
    if (known := getattr(found, "known", None)) is not None:
        schema["enum"] = list(known)
    return schema


def _pattern(found: Any) -> Schema:
    expression = next(check.regex.pattern for check in found.validators if hasattr(check, "regex"))
    return _text(found) | {"pattern": expression}


def _choice(found: Any) -> Schema:
    return {"type": "string", "enum": list(found.choices)}


def _listed(found: Any) -> Schema:
    item: Schema = {"type": "string"} if found.known is None else {"type": "string", "enum": list(found.known)}
    return {"type": "array", "items": item}


def _list(found: Any) -> Schema:
    schema: Schema = {"type": "array", "items": schema_of(found.child)}
    limits = {"minItems": found.min_length, "maxItems": found.max_length}
    return schema | {name: limit for name, limit in limits.items() if limit is not None}


_KINDS: Mapping[type, Callable[[Any], Schema]] = {
    # Those that are special cases of others come before them.
    Numbers: lambda _: {"type": "array", "items": dict(NUMBER)},
    Listed: _listed,
    Moment: lambda _: {"type": "string", "examples": ["2026-01-31", "2026-01-31T12:00:00Z"]},
    serializers.RegexField: _pattern,
    serializers.ChoiceField: _choice,
    serializers.CharField: _text,
    serializers.IntegerField: lambda found: _bounded(found, {"type": "integer"}),
    serializers.FloatField: lambda found: _bounded(found, {"type": "number"}),
    serializers.BooleanField: lambda _: {"type": "boolean"},
    serializers.DictField: lambda _: {"type": "object"},
    serializers.ListField: _list,
}
