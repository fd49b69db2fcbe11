"""The fields of each event, as the event schema declares them."""

from __future__ import annotations

import inspect
import typing
from types import NoneType, UnionType
from typing import Any

import msgspec

from docs.from_code.markdown import code, table
from runs.events import EVENT_TYPES

SIMPLE = {int: "whole number", float: "number", str: "text", bool: "true or false", NoneType: "null"}


def event_fields(kind: str) -> str:
    """Write what an event says, and its fields with their types."""
    cls = EVENT_TYPES[kind]
    rows = [(code(field.name), words(field.type)) for field in msgspec.structs.fields(cls)]
    return f"{inspect.getdoc(cls)}\n\n{table(('field', 'type'), rows)}"


def words(kind: Any) -> str:
    """Say a type in words."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, UnionType):
        return " or ".join(words(argument) for argument in arguments)
    if origin is typing.Literal:
        return ", ".join(code(value) for value in arguments)
    if origin is list:
        return f"list: {words(arguments[0])}"
    if origin is dict:
        return f"object: {words(arguments[1])} for each name"
    if inspect.isclass(kind) and issubclass(kind, msgspec.Struct):
        return "object with " + ", ".join(
            f"{code(field.name)} ({words(field.type)})" for field in msgspec.structs.fields(kind)
        )
    return SIMPLE[kind]
