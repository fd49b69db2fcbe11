"""Loads torchmetrics without matplotlib, by which a metric could be drawn; no training of ours draws any.

Where matplotlib is installed, which reports need, torchmetrics would load it whenever it is loaded itself: an eighth of
the time that a fork server takes, and 26 MB. A metric that a team's network draws loads it then.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Any

PACKAGE = "matplotlib"
PARTS = ("axes", "colors", "pyplot")


class _Later(ModuleType):
    """Stands in for a module, which is loaded when something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


@contextmanager
def drawing_later() -> Iterator[None]:
    """Have what is imported in the block, torchmetrics, load matplotlib with the first drawing."""
    if PACKAGE in sys.modules or find_spec(PACKAGE) is None:
        yield
        return
    package = _Later(PACKAGE)
    parts = {name: _Later(f"{PACKAGE}.{name}") for name in PARTS}
    vars(package).update(parts)
    # What torchmetrics asks for at once: names for types, and the style in which it will draw.
    asked: dict[str, dict[str, Any]] = {
        "axes": {"Axes": object},
        "colors": {"Colormap": object},
        "pyplot": {"Figure": object, "style": SimpleNamespace(context=_style)},
    }
    for name, part in parts.items():
        vars(part).update(asked[name])
    modules = {module.__name__: module for module in (package, *parts.values())}
    sys.modules.update(modules)
    try:
        yield
    finally:
        for name in modules:
            del sys.modules[name]
        for name, part in parts.items():
            del vars(package)[name]
            for each in asked[name]:
                del vars(part)[each]


@contextmanager
def _style(*chosen: Any, **options: Any) -> Iterator[None]:
    pyplot = importlib.import_module(f"{PACKAGE}.pyplot")
    with pyplot.style.context(*chosen, **options):
        yield
