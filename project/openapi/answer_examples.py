"""Examples of requests and answers, as a server gave them; `python -m tests.openapi.taken_examples` takes them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).with_name("examples.json")


def of_answer(key: str, status: int) -> Any:
    """Return an example of the answer; None where none was taken."""
    return _examples().get(key, {}).get(str(status))


def of_request(key: str) -> Any:
    """Return an example of the request's body; None where none was taken."""
    return _examples().get(key, {}).get("body")


@cache
def _examples() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(EXAMPLES.read_text()) if EXAMPLES.exists() else {}
    return found
