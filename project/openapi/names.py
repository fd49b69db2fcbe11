"""The names that clients rely on: operations, their parameters, and the fields that their answers always have.

`names.json` holds those of the version that it names. Within a version none of them may disappear; a test compares.
`python -m docs.api_names` writes the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Schema = Mapping[str, Any]
FILE = Path(__file__).with_name("names.json")
DEEPEST = 12  # levels; a shape that holds itself ends there


def names(document: Schema) -> dict[str, list[str]]:
    """Return by operation `?parameter` and `200 path.of.field`; a list's items are `[]`, values by name `{}`."""
    return {
        operation["operationId"]: sorted({*_parameters(operation), *_fields(operation, document)})
        for path in document["paths"].values()
        for operation in path.values()
    }


def gone(document: Schema) -> list[str]:
    """List the names that the file has, and the document of the same version has not."""
    kept = json.loads(FILE.read_text())
    if _number(document["info"]["version"]) > _number(kept["version"]):
        return []
    found = names(document)
    return [
        f"{operation}: {name}" if operation in found else operation
        for operation, known in kept["operations"].items()
        for name in (known if operation in found else [""])
        if name not in found.get(operation, ())
    ]


def write(document: Schema) -> None:
    """Write the file."""
    kept = {"version": document["info"]["version"], "operations": names(document)}
    FILE.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _parameters(operation: Schema) -> Iterator[str]:
    yield from (f"?{parameter['name']}" for parameter in operation.get("parameters", ()) if parameter["in"] == "query")


def _fields(operation: Schema, document: Schema) -> Iterator[str]:
    for status, answer in operation["responses"].items():
        if not status.startswith("2"):
            continue
        yield status
        for kind, content in answer.get("content", {}).items():
            if kind == "application/json":
                yield from (f"{status} {path}" for path in _paths(content["schema"], document, DEEPEST))


def _paths(schema: Schema, document: Schema, levels: int) -> Iterator[str]:
    """Yield the paths of fields that are always there; of alternatives, those of each."""
    if not levels:
        return
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for alternative in schema.get("anyOf", ()):
        yield from _paths(alternative, document, levels)
    for name in schema.get("required", ()):
        yield name
        yield from (f"{name}.{path}" for path in _paths(schema["properties"][name], document, levels - 1))
    if isinstance(schema.get("items"), Mapping):
        yield from (f"[].{path}" for path in _paths(schema["items"], document, levels - 1))
    if isinstance(schema.get("additionalProperties"), Mapping):
        yield from (f"{{}}.{path}" for path in _paths(schema["additionalProperties"], document, levels - 1))
