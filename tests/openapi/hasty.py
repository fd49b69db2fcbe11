"""The OpenAPI document as it is fuzzed: with short waits, and with numbers that exist."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

LONGEST_WAIT = 0.01
"""Seconds; a request that waits for something new would wait for most of the test."""
NUMBERS = [1, 2, 3]
"""Of runs, of which some exist."""


def hasty(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with short waits alone, always asked for, and with numbers of the first rows."""
    changed = deepcopy(dict(found))
    for path in changed["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "wait":
                    parameter |= {"required": True, "schema": {"type": "number", "enum": [0, LONGEST_WAIT]}}
                elif parameter["name"] in ("run_id", "reference", "run"):
                    parameter["schema"] = {"type": "integer", "enum": NUMBERS}
                elif parameter["name"] == "runs":
                    parameter["schema"] = {"type": "array", "items": {"type": "integer", "enum": NUMBERS}}
    return changed
