"""Collect what the apps say of their operations, and tell which operations nobody describes."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from runs.api_reference.operation import Operation

REFERENCE = "api_reference"


class Described(NamedTuple):
    """An operation with the name that groups it with others."""

    tag: str
    operation: Operation


class Undescribed(LookupError):
    """Operations without a description; the text says where it belongs."""


@cache
def described_operations() -> Mapping[str, Described]:
    """Return all descriptions by method and name of the address; raises ValueError for one that is given twice."""
    found: dict[str, Described] = {}
    for module in _modules():
        for key, operation in module.OPERATIONS.items():
            if key in found:
                raise ValueError(f"{key} is described twice, the second time in {module.__name__}.")
            found[key] = Described(module.TAG, operation)
    return found


def description_of(method: str, name: str) -> Described:
    """Return the description of an operation; raises Undescribed."""
    key = f"{method} {name}"
    try:
        return described_operations()[key]
    except KeyError:
        raise Undescribed(
            f"{key!r} is not described: add it to OPERATIONS of a module in `{REFERENCE}` of its app "
            "(CONTRIBUTING.md says how)."
        ) from None


@cache
def names_of_addresses() -> Mapping[str, str]:
    """Return the name of each address by its route, as the schema's generator joins it."""
    return dict(_names(get_resolver().url_patterns, ""))


def _names(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _names(pattern.url_patterns, route)
        elif pattern.name:
            yield route, pattern.name


def _modules() -> Iterator[ModuleType]:
    """Yield the modules that describe operations: of apps whose code is ours, and of the project itself."""
    ours = [config.name for config in apps.get_app_configs() if Path(config.path).parent == settings.BASE_DIR]
    for app in [*ours, "project"]:
        name = f"{app}.{REFERENCE}"
        if find_spec(name) is None:
            continue
        package = import_module(name)
        if hasattr(package, "OPERATIONS"):
            yield package
        for one in pkgutil.iter_modules(getattr(package, "__path__", [])):
            module = import_module(f"{name}.{one.name}")
            if hasattr(module, "OPERATIONS"):
                yield module
