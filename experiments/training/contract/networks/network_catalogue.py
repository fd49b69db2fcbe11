"""Every network that a run may name: the built-in ones and those that a team adds. Imports no torch."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from experiments.training.contract.networks.builtin_networks import BUILTINS, CNN, MLP
from experiments.training.contract.networks.network_spec import AUTO, NetworkSpec, Options

ENTRY_POINTS = "livetrain.models"

_added: dict[str, NetworkSpec] = {}  # filled by `install`, once, when a process starts


class CatalogueError(ValueError):
    """A custom network that cannot be added; the message names it and the cure."""


def install(paths: Iterable[str]) -> None:
    """Add the networks at these paths (`package.module:SPEC`) and those of installed packages' entry points.

    A path may name a function without arguments that returns the NetworkSpec. Raises CatalogueError.
    """
    for point in sorted(entry_points(group=ENTRY_POINTS)):
        _add(_spec_at(point.value), point.value)
    for path in paths:
        _add(_spec_at(path), path)


def networks() -> Mapping[str, NetworkSpec]:
    """Return all networks by name, the built-in ones first."""
    return BUILTINS | _added


def find(name: str) -> NetworkSpec:
    """Return the network of that name.

    Raises ValueError that lists the known networks or says what to install.
    """
    known = networks()
    if name not in known:
        raise ValueError(f"{name!r} is unknown; the networks are {', '.join([AUTO, *known])}")
    spec = known[name]
    if spec.install:
        raise ValueError(
            f"{name!r} needs {' and '.join(spec.missing)}, which this installation lacks; run: {spec.install}"
        )
    return spec


def resolve(name: str, *, table: bool) -> NetworkSpec:
    """Return the network of that name, with "auto" resolved by the kind of data; raises ValueError."""
    return (MLP if table else CNN) if name == AUTO else find(name)


def options_of(name: str) -> type[Options]:
    """Return the class of the network's options; the networks behind "auto" share one."""
    return CNN.options if name == AUTO else networks()[name].options


def completed(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in the defaults of the network's options; raises ValidationError with one entry per wrong option."""
    kind = options_of(name)
    if unknown := options.keys() - kind.model_fields.keys():
        message = f"{name} has no such option; {_cure(list(kind.model_fields))}"
        error = PydanticCustomError("unknown_option", message)
        details = [InitErrorDetails(type=error, loc=(key,), input=options[key]) for key in sorted(unknown)]
        raise ValidationError.from_exception_data("options", details)
    return kind.model_validate(dict(options)).model_dump(mode="json")


def describe(spec: NetworkSpec) -> dict[str, Any]:
    """Describe a network for the API; `options` is a JSON schema."""
    return {
        "name": spec.name,
        "title": spec.title,
        "description": spec.description,
        "inputs": spec.inputs,
        "channels": list(spec.channels),
        "builds": spec.builds,
        "min_image_size": spec.min_image_size,
        "blocks": list(spec.blocks),
        "options": spec.options.model_json_schema(),
        "available": not spec.missing,
        "install": spec.install,
    }


def _cure(known: Sequence[str]) -> str:
    return f"it has {', '.join(known)}" if known else "it has none"


def _add(spec: NetworkSpec, path: str) -> None:
    other = networks().get(spec.name)
    if other is not None and other != spec:
        raise CatalogueError(f"{path}: there is another network called {spec.name!r}; give this one another name.")
    if other is None:
        _added[spec.name] = spec


def _spec_at(path: str) -> NetworkSpec:
    module_name, _, attribute = path.partition(":")
    had_torch = "torch" in sys.modules
    try:
        found = getattr(importlib.import_module(module_name), attribute)
        spec = found if isinstance(found, NetworkSpec) else found()
    except Exception as error:
        raise CatalogueError(f"{path}: {type(error).__name__}: {error}") from error
    if not isinstance(spec, NetworkSpec):
        raise CatalogueError(f"{path} is neither a NetworkSpec nor a function that returns one.")
    if "torch" in sys.modules and not had_torch:
        raise CatalogueError(
            f"{path}: importing it loads torch, which the server must not; keep the NetworkSpec in a module without "
            "torch, and let its factory name the module that has it."
        )
    return spec
