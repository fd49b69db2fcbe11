"""What the browser knows of how data are read is what `experiments.training.contract.reading` declares."""

from __future__ import annotations

import re
import types
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings

from experiments.training.contract import reading
from experiments.training.contract.reports import Execution

DECLARED = (Path(settings.BASE_DIR) / "realtime/static/realtime/reading/reading_types.d.ts").read_text()
INTERFACES = {
    name: dict(re.findall(r"^  (\w+): (.+);$", body, re.MULTILINE))
    for name, body in re.findall(r"^export interface (\w+) \{\n(.*?)^\}", DECLARED, re.MULTILINE | re.DOTALL)
}
ALIASES: dict[str, str] = dict(re.findall(r"^export type (\w+) = (.+);$", DECLARED, re.MULTILINE))
LITERALS = {name: getattr(reading, name) for name in ALIASES}
STRUCTS = {
    name: found
    for name, found in vars(reading).items()
    if isinstance(found, type) and issubclass(found, reading.Part) and found is not reading.Part
}
SIMPLE: dict[Any, str] = {
    int: "number",
    float: "number",
    str: "string",
    bool: "boolean",
    type(None): "null",
    Any: "any",
}


def in_typescript(annotation: Any) -> str:
    """Return the type of the browser's side."""
    if annotation in SIMPLE:
        return SIMPLE[annotation]
    if name := next((name for name, literal in LITERALS.items() if literal == annotation), None):
        return name
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return annotation.__name__
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (types.UnionType, typing.Union):
        return " | ".join(in_typescript(one) for one in arguments)
    if origin is list:
        return f"{in_typescript(arguments[0])}[]"
    assert origin is dict, annotation
    return f"Record<{', '.join(in_typescript(one) for one in arguments)}>"


def test_all_parts_of_a_reading_are_known_in_the_browser() -> None:
    assert set(INTERFACES) == set(STRUCTS)
    assert {"Reading", "Question", "Usage"} <= set(STRUCTS)


@pytest.mark.parametrize("name", sorted(STRUCTS))
def test_a_part_has_the_fields_that_the_browser_expects(name: str) -> None:
    hints = typing.get_type_hints(STRUCTS[name])
    assert INTERFACES[name] == {field: in_typescript(hints[field]) for field in STRUCTS[name].__struct_fields__}


@pytest.mark.parametrize("name", sorted(LITERALS))
def test_words_are_the_same_on_both_sides(name: str) -> None:
    assert ALIASES[name] == " | ".join(f'"{word}"' for word in typing.get_args(LITERALS[name]))


def test_what_carries_out_a_run_is_known_in_the_browser() -> None:
    declared = (Path(settings.BASE_DIR) / "realtime/static/realtime/run/run_types.d.ts").read_text()
    body = re.search(r"^export interface Execution \{\n(.*?)^\}", declared, re.MULTILINE | re.DOTALL)
    assert body
    sent = {name: in_typescript(kind) for name, kind in typing.get_type_hints(Execution).items() if name != "type"}
    assert dict(re.findall(r"^  (\w+): (.+);$", body[1], re.MULTILINE)) == {"attempt": "number", **sent}
