"""Whatever the test client is answered below /api/ is compared with the schema of the API: so the schema cannot lie.

Answers are closed here: one with a field that the schema does not name fails, though clients must expect new ones.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs
from django.http import HttpResponseBase
from django.test import Client
from django.urls import Resolver404, resolve

from project.openapi import document
from project.openapi.described_operations import described_operations

Schema = dict[str, Any]
REFERENCE = re.compile(r'"#/components/schemas/([^"/]+)"')
DRAFT = "https://json-schema.org/draft/2020-12/schema"
OPEN = {"Problem"}  # whose type decides which further members it has
CURE = "Mend the answer, or its shape (`shapes`, `api_reference` of its app; CONTRIBUTING.md says how)."


def install() -> None:
    """Compare all answers of Django's test client from now on."""
    plain = Client.request

    def request(self: Client, **asked: Any) -> Any:
        response = plain(self, **asked)
        check(str(asked.get("REQUEST_METHOD", "GET")), str(asked.get("PATH_INFO", "")), response)
        return response

    Client.request = request  # type: ignore[method-assign]


def check(method: str, path: str, response: HttpResponseBase) -> None:
    """Fail where an answer is not what the schema says; what nobody has described is another test's."""
    name = name_of(path) if path.startswith("/api/") else None
    key = f"{'GET' if method == 'HEAD' else method} {name}"
    if name is None or key not in operations():
        return
    problems = list(differences(key, response, has_body=method != "HEAD"))
    assert not problems, f"{method} {path}: {'; '.join(problems)}. {CURE}"


def name_of(path: str) -> str | None:
    """Return the name of an address; None for one that does not exist."""
    try:
        return resolve(path).url_name
    except Resolver404:
        return None


def differences(key: str, response: Any, *, has_body: bool) -> Iterator[str]:
    """Yield what is wrong with an answer."""
    operation, status = operations()[key], response.status_code
    if status >= 500 and str(status) not in operation["responses"]:
        return  # tests break the server on purpose
    answer = operation["responses"].get(str(status))
    if answer is None:
        if status != 304:  # the same as before
            yield f"the status {status} is not described"
        return
    answer = resolved(answer)
    kind = response.get("Content-Type", "").partition(";")[0]
    content = answer.get("content", {})
    if not content or not has_body:
        return
    if kind not in content and "*/*" not in content:
        yield f"the media type {kind!r} is not among {', '.join(content)}"
    elif kind.endswith("json") and kind in content and not response.streaming:
        yield from wrong(key, status, kind, response)


def wrong(key: str, status: int, kind: str, response: Any) -> Iterator[str]:
    """Yield what is wrong with a JSON body; at most five faults."""
    text = response.content
    if response.get("Content-Encoding") == "gzip":
        text = gzip.decompress(text)
    faults = validator(key, status, kind).iter_errors(json.loads(text))
    for _, fault in zip(range(5), faults, strict=False):
        yield from plain(fault)


def plain(fault: Any) -> Iterator[str]:
    """Say what is wrong; of alternatives, none of which fits, what is wrong with the nearest."""
    if isinstance(fault.kind, jsonschema_rs.ValidationErrorKind.AnyOf):
        nearest = max(fault.kind.context, key=lambda inner: max(len(one.instance_path) for one in inner))
        for inner in nearest[:5]:
            yield from plain(inner)
    else:
        yield f"{'.'.join(map(str, fault.instance_path))}: {fault.message[:300]}"


@cache
def schema() -> Schema:
    """Build the schema with closed answers."""
    found = document.build()
    for name, component in found["components"]["schemas"].items():
        if name not in OPEN:
            _close(component)
    return found


@cache
def operations() -> Mapping[str, Schema]:
    """Return the operations by method and name of their address."""
    by_id = {one["operationId"]: one for path in schema()["paths"].values() for one in path.values()}
    return {key: by_id[identity_of(key)] for key in described_operations() if identity_of(key) in by_id}


def identity_of(key: str) -> str:
    """Return the identity of an operation in the schema."""
    method, _, name = key.partition(" ")
    return f"{method.lower()}_{name.replace('-', '_')}"


def validator(key: str, status: int, kind: str) -> Any:
    """Return the validator of a body."""
    content = resolved(operations()[key]["responses"][str(status)])["content"]
    return _validator_of(json.dumps(content[kind]["schema"], sort_keys=True))


def body_validator(key: str) -> Any:
    """Return the validator of a request's body."""
    content = operations()[key]["requestBody"]["content"]["application/json"]
    return _validator_of(json.dumps(content["schema"], sort_keys=True))


@cache
def _validator_of(text: str) -> Any:
    """Make a validator with those shapes alone that the schema needs: all of them would take megabytes each time."""
    asked = json.loads(text)
    components = {"schemas": {name: schema()["components"]["schemas"][name] for name in _needed(asked)}}
    return jsonschema_rs.validator_for({"$schema": DRAFT, "components": components, "allOf": [asked]})


def _needed(part: Any) -> set[str]:
    """Return the names of all shapes that a schema refers to, and those do."""
    names, rest = set[str](), [part]
    while rest:
        found = {name for name in REFERENCE.findall(json.dumps(rest.pop())) if name not in names}
        names |= found
        rest += [schema()["components"]["schemas"][name] for name in found]
    return names


def resolved(answer: Schema) -> Schema:
    """Return what an answer refers to."""
    name = answer.get("$ref", "").rpartition("/")[2]
    return schema()["components"]["responses"][name] if name else answer


def _close(component: Any) -> None:
    if isinstance(component, dict):
        if "properties" in component and component.get("type") == "object":
            component.setdefault("additionalProperties", False)
        for part in component.values():
            _close(part)
    elif isinstance(component, list):
        for part in component:
            _close(part)
