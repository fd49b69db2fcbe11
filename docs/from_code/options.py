"""The options of a training and of the built-in networks, as pydantic declares them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from docs.from_code.markdown import allowed, code, table, written
from experiments.training.contract import option_schema
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.networks.builtin_networks import BUILTINS

HEADER = ("option", "default", "allowed", "meaning")


def options(group: str) -> str:
    """Write the table of one group; "top" is what stands in none."""
    schema = TrainingConfig.model_json_schema()
    if group == option_schema.TOP:
        found = {name: field for name, field in schema["properties"].items() if "$ref" not in field}
        return table(HEADER, _rows("", found))
    section = schema["$defs"][schema["properties"][group]["$ref"].rpartition("/")[2]]
    return table(HEADER, _rows(f"{group}.", section["properties"]))


def network_options() -> str:
    """Write the options of every built-in network that has some."""
    rows = [
        (code(name), *row)
        for name, spec in BUILTINS.items()
        for row in _rows("model.options.", spec.options.model_json_schema().get("properties", {}))
    ]
    return table(("network", *HEADER), rows)


def _rows(prefix: str, fields: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    for name, field in fields.items():
        path = prefix + name
        default = written(field["default"]) if "default" in field else "required"
        yield code(path), default, _values(path, field), field.get("description", "")


def _values(path: str, field: Mapping[str, Any]) -> str:
    unit = option_schema.UNITS.get(path)
    kinds = [kind | _declared_elsewhere(path, kind) for kind in field.get("anyOf", [dict(field)])]
    words = allowed({"anyOf": kinds})
    return f"{words} ({unit})" if unit else words


def _declared_elsewhere(path: str, kind: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the bounds that a validator checks, which the schema of a number does not have."""
    bounds = option_schema._BOUNDS_OF_VALIDATORS.get(path, {})
    return bounds if kind.get("type") in ("integer", "number") else {}
