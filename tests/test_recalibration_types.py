"""What browser and reference know of a recalibration is what `runs.statistics.recalibration.methods` declares."""

from __future__ import annotations

import re
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings

from runs.events import ReliabilityPoint
from runs.statistics.recalibration.methods import Method, Quality, Recalibration
from tests.documentation import code, table

SCRIPTS = "realtime/static/realtime/run/recalibration"
DECLARED = (Path(settings.BASE_DIR) / SCRIPTS / "recalibration_types.d.ts").read_text()
SIMPLE: dict[Any, str] = {int: "number", float: "number", str: "string", type(None): "null"}


def in_typescript(annotation: Any) -> str:
    """Return the type of the browser's side, where words are strings."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return "string"
    if origin is list:
        return f"{in_typescript(arguments[0])}[]"
    if origin is dict:
        return f"Record<{', '.join(in_typescript(one) for one in arguments)}>"
    if arguments:
        return " | ".join(in_typescript(one) for one in arguments)
    return SIMPLE[annotation] if annotation in SIMPLE else str(annotation.__name__)


@pytest.mark.parametrize("struct", [Method, Quality, Recalibration])
def test_each_part_has_the_fields_that_the_browser_expects(struct: type[msgspec.Struct]) -> None:
    body = re.search(rf"^export interface {struct.__name__} \{{\n(.*?)^\}}", DECLARED, re.MULTILINE | re.DOTALL)
    assert body
    hints = typing.get_type_hints(struct)
    expected = {name: in_typescript(hints[name]) for name in struct.__struct_fields__}
    assert dict(re.findall(r"^  (\w+): (.+);$", body[1], re.MULTILINE)) == expected
    assert in_typescript(list[ReliabilityPoint]) == "ReliabilityPoint[]"


def test_each_field_and_method_is_in_the_reference() -> None:
    named = code(" ".join(" ".join(cells) for cells in table("reference/files", "recalibration.json")))
    for struct in (Method, Quality, Recalibration):
        assert set(struct.__struct_fields__) <= set(named)
    rows = [code(cells[0])[0] for cells in table("reference/metrics", "Recalibration") if len(cells) == 4]
    assert rows == ["platt", "isotonic", "temperature"]
    assert set(rows) == set(typing.get_args(typing.get_type_hints(Method)["name"]))
