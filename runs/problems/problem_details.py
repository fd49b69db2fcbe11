"""Build the JSON of a problem, and the answer that has it where no view of the REST API gives one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from django.http import HttpResponse

from request_ids.current import current
from runs.problems import problem_types
from runs.problems.problem_types import ProblemType

CONTENT_TYPE = "application/problem+json"


def details(
    kind: ProblemType | None, detail: str, *, status: int | None = None, more: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Build a problem's members; `more` are extensions, `status` is given where the type does not decide it."""
    number = status or (kind.status if kind else 500)
    return {
        "type": kind.uri if kind else problem_types.BLANK,
        "title": kind.title if kind else problem_types.phrase(number),
        "status": number,
        "detail": detail,
        **(more or {}),
        "request_id": current() or None,
    }


def problem_answer(kind: ProblemType, detail: str, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Answer with a problem."""
    content = msgspec.json.encode(details(kind, detail))
    return HttpResponse(content, content_type=CONTENT_TYPE, status=kind.status, headers=dict(headers or {}))
