"""The OpenAPI document of this version: built once in a process, at the first request for it."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from functools import cache
from threading import Lock
from typing import Any

import msgspec
from django.conf import settings

from project.openapi import problems
from project.openapi.bodies import bodies

Schema = dict[str, Any]
_BUILDING = Lock()


@cache
def version() -> str:
    """Return the version of the API, which is that of the server."""
    found: str = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
    return found


def build() -> Schema:
    """Build the document."""
    from drf_spectacular.generators import SchemaGenerator  # noqa: PLC0415  # 40 modules that no other request needs

    generator: Any = SchemaGenerator  # the library has no types here
    found: Schema = generator().get_schema(request=None, public=True)
    return found


def as_json() -> bytes:
    """Return the document as JSON text, built at the first call."""
    with _BUILDING:
        return _json()


def as_yaml() -> bytes:
    """Return the document as YAML text."""
    with _BUILDING:
        return _yaml()


def finish(result: Schema, **_context: Any) -> Schema:
    """Add the version and the components: a hook that drf-spectacular calls at the end of its work."""
    result["info"]["version"] = version()
    known = result["components"].setdefault("schemas", {})
    known.update(deepcopy(sorted(bodies().components.items())))
    result["components"]["responses"] = problems.shared()
    return result


@cache
def _json() -> bytes:
    return msgspec.json.encode(build())


@cache
def _yaml() -> bytes:
    import yaml  # noqa: PLC0415

    text: str = yaml.safe_dump(msgspec.json.decode(_json()), sort_keys=False, allow_unicode=True, width=120)
    return text.encode()
