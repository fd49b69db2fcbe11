"""What every problem has, whichever code answers with it."""

from __future__ import annotations

import json
from typing import Any

from runs.problems.problem_types import PROBLEM_TYPES

KNOWN = {kind.uri: kind for kind in PROBLEM_TYPES}
MEMBERS = ["type", "title", "status", "detail"]


def problem_of(answer: Any, name: str | None = None) -> dict[str, Any]:
    """Return the problem of a refused request, of that type; it has all that RFC 9457 and our clients want."""
    assert answer["Content-Type"] == "application/problem+json", answer.content[:500]
    found: dict[str, Any] = json.loads(answer.content)
    kind = KNOWN[found["type"]]
    assert name in (None, kind.name), found
    assert (found["title"], found["status"]) == (kind.title, answer.status_code), found
    assert answer.status_code == kind.status
    assert list(found)[:4] == MEMBERS
    assert found["request_id"] == answer["X-Request-ID"] != ""
    assert found["detail"][0].isprintable()
    assert found["detail"].rstrip()[-1] in ".?!", found["detail"]
    for error in found.get("errors", []):
        where = {"pointer", "parameter", "header"} & set(error)
        assert len(where) == 1, error
        assert error.get("pointer", "#").startswith("#")
        assert error["detail"] == error["message"] != ""
    return found
