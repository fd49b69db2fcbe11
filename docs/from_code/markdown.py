"""Tables in Markdown, as the blocks of this folder write them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; a bar and a tag within a cell stay text."""
    lines = [header, ["---" for _ in header], *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    parts = text.replace("|", "\\|").split("`")  # every second one is code, in which a tag is text already
    return "`".join(part if number % 2 else part.replace("<", "&lt;") for number, part in enumerate(parts))


def code(value: str) -> str:
    """Write a name, or a value as it stands in a request."""
    return f"`{value}`"


def written(value: Any) -> str:
    """Write a value as JSON, as it stands in a request."""
    return code(json.dumps(value))


def allowed(schema: Mapping[str, Any]) -> str:
    """Say in words which values a field of a JSON schema takes."""
    return " or ".join(filter(None, map(_kind, schema.get("anyOf", [schema]))))


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema or "const" in schema:
        return ", ".join(map(written, schema.get("enum") or [schema["const"]]))
    kind = schema.get("type", "")
    if kind in ("integer", "number"):
        return _bounds(schema) or {"integer": "a whole number", "number": "a number"}[kind]
    if kind == "array":
        return f"a list: each {allowed(schema['items'])}"
    return {"boolean": "`true`, `false`", "null": "`null`", "string": _text(schema), "object": "an object"}.get(
        kind, ""
    )


def _text(schema: Mapping[str, Any]) -> str:
    return f"text of at most {schema['maxLength']:,} characters" if "maxLength" in schema else "text"


def _bounds(schema: Mapping[str, Any]) -> str:
    below = [f"{_number(schema['minimum'])}"] if "minimum" in schema else []
    below += [f"above {_number(schema['exclusiveMinimum'])}"] if "exclusiveMinimum" in schema else []
    above = [f"{_number(schema['maximum'])}"] if "maximum" in schema else []
    above += [f"below {_number(schema['exclusiveMaximum'])}"] if "exclusiveMaximum" in schema else []
    return " to ".join([*below, *above])


def _number(value: float) -> str:
    return f"{int(value):,}" if float(value).is_integer() and abs(value) < 1e10 else f"{value:g}"
