"""The state tables of the models, as their docstrings have them."""

from __future__ import annotations

import inspect
from importlib import import_module

import django
from django.apps import apps

MODELS = {
    "run": ("runs.models", "Run"),
    "dataset": ("experiments.models", "Dataset"),
    "queued_work": ("experiments.work_models", "QueuedWork"),
}


def states(name: str) -> str:
    """Write which state follows which, and by whose doing."""
    if not apps.ready:
        django.setup()
    module, cls = MODELS[name]
    lines = inspect.getdoc(getattr(import_module(module), cls)) or ""
    return "\n".join(line for line in lines.splitlines() if line.startswith("|"))
