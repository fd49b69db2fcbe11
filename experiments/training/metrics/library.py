"""The functions of torchmetrics that compare scores with labels, found by their names."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from torchmetrics import classification
from torchmetrics.functional import classification as functional

from experiments.training.contract.metrics.metric_catalogue import Direction, Task

TASKS: tuple[Task, ...] = ("binary", "multiclass")
Function = Callable[..., Any]
FIXED = ("preds", "target", "num_classes", "validate_args")
"""The parameters that are no options: they follow from the data."""

# Whose classes inherit the answer None from a base class that is no metric of its own, and so say nothing themselves.
_UNSAID: dict[str, Direction] = {"specificity": "max", "negative_predictive_value": "max", "eer": "min"}


def names() -> list[str]:
    """List all functions that have a binary or a multi-class form, without the task."""
    found = (name.partition("_") for name in functional.__all__)
    return sorted({rest for task, _, rest in found if task in TASKS})


def function(name: str, task: Task) -> Function | None:
    """Return the form of a metric for that task; None if it has none."""
    return getattr(functional, f"{task}_{name}", None)


def parameters(form: Function) -> dict[str, inspect.Parameter]:
    """Return the options of a function, their annotations being types."""
    signature = inspect.signature(form, eval_str=True)
    return {name: found for name, found in signature.parameters.items() if name not in FIXED}


def direction(name: str) -> Direction | None:
    """Say whether higher or lower values are better, as the metric's class does; None if it does not."""
    wanted = {f"{task}{name}".replace("_", "") for task in TASKS}
    classes = (getattr(classification, found) for found in classification.__all__ if found.lower() in wanted)
    said = {cls.higher_is_better for cls in classes} - {None}
    if len(said) != 1:
        return _UNSAID.get(name)
    return "max" if said.pop() else "min"
