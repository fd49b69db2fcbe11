"""Send what the OpenAPI document allows and what it does not, and compare the answers with it: Schemathesis."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from requests import Request

from project.openapi import document
from tests.openapi.hasty import LONGEST_WAIT, hasty

SET_BY_THE_CLIENT = {"Content-Length", "Content-Type", "Cookie", "Host", "Transfer-Encoding"}
PARTS = ("method", "url", "headers", "params", "data", "json", "cookies", "files")
MODES = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
Operation = schemathesis.APIOperation[Any, Any, Any, Any]
Case = schemathesis.Case[Any]


def operations() -> dict[str, Operation]:
    """Return all operations by identity."""
    schema = schemathesis.openapi.from_dict(hasty(document.build()))
    found: list[Any] = [result.ok() for result in schema.get_all_operations()]  # type: ignore[union-attr]
    return {one.definition.raw["operationId"]: one for one in found}


def failures(operation: Operation, client: Client, *, examples: int, number: int) -> list[str]:
    """List what is wrong with the answers of an operation; `number` is the seed.

    The client compares each answer with the document, see `tests.conforming_answers`.
    """
    found: dict[str, None] = {}
    for mode in MODES if _can_be_wrong(operation) else MODES[:1]:

        @seed(number)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def tries(case: Case) -> None:
            try:
                status = sent(case, client)
            except AssertionError as error:
                found[str(error).partition("\n")[0]] = None
            else:
                if status >= 500:
                    found[f"{case.method} {case.formatted_path}: {status}"] = None

        with suppress(Unsatisfiable):  # such as a wrong request to an operation that takes nothing
            tries()
    return list(found)


def _can_be_wrong(operation: Operation) -> bool:
    """Return whether there is more than the address: without, wrong requests are sought in vain, for seconds."""
    raw = operation.definition.raw
    return "requestBody" in raw or any(parameter["in"] != "path" for parameter in raw.get("parameters", ()))


def sent(case: Case, client: Client) -> int:
    """Send a request, and return the status of its answer."""
    if "wait" in (case.query or {}):
        case.query["wait"] = _short(case.query["wait"])
    wanted = case.as_transport_kwargs(base_url="http://localhost")
    asked = Request(**{name: wanted.get(name) for name in PARTS}).prepare()
    body: Any = asked.body or b""
    headers = {name: str(value) for name, value in asked.headers.items() if name not in SET_BY_THE_CLIENT}
    kind = str(asked.headers.get("Content-Type", "application/octet-stream"))
    answer = client.generic(str(asked.method), asked.path_url, body, content_type=kind, headers=headers)
    if answer.streaming:
        answer.close()
    return answer.status_code


def _short(value: Any) -> Any:
    """Shorten a wait; what is no number stays wrong."""
    try:
        return min(float(value), LONGEST_WAIT)
    except (TypeError, ValueError):
        return value
