"""What the browser knows of the events is what `runs.events` and the table of sampled events declare."""

from __future__ import annotations

import re
import types
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings

from runs import events
from runs.curves.sampled_events import AXES, BY_EPOCH, BY_STEP, BY_TIME, SAMPLED_EVENTS, SampledEvent
from runs.events import EVENT_TYPES
from tests.node import exported

SCRIPTS = "realtime/static/realtime"
DECLARED = (Path(settings.BASE_DIR) / SCRIPTS / "events" / "event_types.d.ts").read_text()
INTERFACES = {
    name: dict(re.findall(r"^  (\w+): (.+);$", body, re.MULTILINE))
    for name, body in re.findall(r"^export interface (\w+) \{\n(.*?)^\}", DECLARED, re.MULTILINE | re.DOTALL)
}
ALIASES = dict(re.findall(r"^export type (\w+) = (.+);$", DECLARED, re.MULTILINE))
LITERALS = {name: getattr(events, name) for name in ("Status", "Ending", "Phase", "Split")}
NESTED = (
    events.DatasetSummary,
    events.ModelSummary,
    events.GpuUsage,
    events.ReliabilityPoint,
    events.EpochMatrix,
    events.PatientStats,
)
STRUCTS: list[type[msgspec.Struct]] = [*EVENT_TYPES.values(), *NESTED]
SIMPLE = {int: "number", float: "number", str: "string", bool: "boolean", type(None): "null"}


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


def test_each_event_has_the_fields_that_the_browser_expects() -> None:
    assert len(STRUCTS) == len(EVENT_TYPES) + 6
    for struct in STRUCTS:
        hints = typing.get_type_hints(struct)
        fields = {name: in_typescript(hints[name]) for name in struct.__struct_fields__}
        assert INTERFACES[struct.__name__] == fields, struct.__name__


def test_each_type_of_event_names_its_data() -> None:
    assert INTERFACES["EventData"] == {type_: cls.__name__ for type_, cls in EVENT_TYPES.items()}


@pytest.mark.parametrize("name", sorted(LITERALS))
def test_words_are_the_same_on_both_sides(name: str) -> None:
    assert ALIASES[name] == " | ".join(f'"{word}"' for word in typing.get_args(LITERALS[name]))


def axis(kind: SampledEvent) -> str:
    """Return what a snapshot's curves of that kind run along."""
    return BY_EPOCH if kind.type == "epoch_end" else BY_STEP if "step" in kind.base else BY_TIME


def test_the_same_events_make_the_same_curves_on_both_sides() -> None:
    kinds = exported(f"{SCRIPTS}/run/curves/curve_kinds.js", "CURVE_KINDS")
    assert kinds == {
        type_: {"prefix": kind.prefix, "axis": axis(kind), "fields": dict(kind.fields)}
        for type_, kind in SAMPLED_EVENTS.items()
    }
    assert sorted(exported(f"{SCRIPTS}/run/curves/curve_kinds.js", "AXIS_CHOICES")) == sorted(AXES)
