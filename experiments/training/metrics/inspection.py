"""List the metrics of the installed torchmetrics with their options, by asking the functions themselves.

What a function takes, its signature says; which values it accepts, and whether it then gives one number, only a trial
on a few samples can say. It takes about a second.
"""

from __future__ import annotations

import inspect
import types
import typing
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Literal

import msgspec
import torch
from torch import Tensor

from experiments.training.contract.metrics.metric_catalogue import Catalogue, ListedMetric, Task, installed_version
from experiments.training.contract.metrics.metric_option import Kind, MetricOption
from experiments.training.metrics import library

LARGEST = 10_000
"""Of whole numbers: bins, thresholds. A larger one could take all memory."""
SIZE, MOST_SAMPLES, CLASSES = 60, 400, 3
EXAMPLE: dict[Kind, Any] = {
    "boolean": False,
    "integer": 2,
    "number": 0.5,
    "numbers": [0.25, 0.5],
    "range": [0.1, 0.5],
}
_KINDS: dict[Any, Kind] = {bool: "boolean", int: "integer", float: "number"}
_CHECKED_BADLY = ("max_fpr", "min_precision", "min_recall", "min_sensitivity", "min_specificity", "zero_division")
"""Shares, as the library documents them; torchmetrics 1.9.0 takes other numbers too, and computes nonsense."""


@cache
def catalogue() -> Catalogue:
    """List all metrics of the installed version."""
    metrics = [_listed(name) for name in library.names()]
    return Catalogue(version=installed_version() or "", metrics={metric.name: metric for metric in metrics})


def encoded() -> bytes:
    """List them as JSON."""
    return msgspec.json.encode(catalogue())


def one_number(result: Any) -> Tensor | None:
    """Take the number out of a result: of a number with the threshold that it belongs to, the number; else None."""
    if isinstance(result, tuple) and len(result) == 2:
        result = result[0] if all(isinstance(part, Tensor) and part.ndim == 0 for part in result) else None
    return result if isinstance(result, Tensor) and result.ndim == 0 else None


def samples(task: Task, classes: int = CLASSES) -> dict[str, Any]:
    """Make scores and labels with every class among them, right and wrong ones, the same each time.

    Of very many classes the first ones have samples: their square would not fit into memory.
    """
    generator = torch.Generator().manual_seed(1)
    count = 2 if task == "binary" else classes
    target = torch.arange(max(SIZE, min(4 * count, MOST_SAMPLES))) % count
    noise = torch.rand(len(target), count, generator=generator, dtype=torch.float64)
    scores = torch.softmax(noise + torch.eye(count, dtype=torch.float64)[target] / 2, dim=1)
    if task == "binary":
        return {"preds": scores[:, 1], "target": target}
    return {"preds": scores, "target": target, "num_classes": count}


def _listed(name: str) -> ListedMetric:
    found = {task: form for task in library.TASKS if (form := library.function(name, task))}
    options: dict[Task, list[MetricOption]] = {}
    problems: dict[Task, str] = {}
    for task, form in found.items():
        try:
            options[task] = _options(form, task)
        except _Unusable as error:
            problems[task] = str(error)
    return ListedMetric(name=name, direction=library.direction(name), options=options, problems=problems)


class _Unusable(Exception):
    """A function that gives no single number for each set of scores and labels."""


def _options(form: library.Function, task: Task) -> list[MetricOption]:
    """Describe the options of a function; raises _Unusable."""
    described = {name: _described(parameter) for name, parameter in library.parameters(form).items()}
    unknown = [name for name, option in described.items() if not option.kinds and option.required]
    if unknown:
        raise _Unusable(f"a number only with {' and '.join(unknown)} besides scores and labels")
    tried = _Trial(form, task, {name: _example(option) for name, option in described.items() if option.required})
    options = [tried.narrowed(option) for option in described.values() if option.kinds]
    if tried.result({}) != "number" and not any(_cures(tried, option) for option in options):
        raise _Unusable(tried.result({}) or "no result")
    return options


def _cures(tried: _Trial, option: MetricOption) -> bool:
    """Return whether some value of the option gives the one number that its default does not."""
    return any(tried.result({option.name: choice}) == "number" for choice in option.choices)


class _Trial:
    """Calls a function with some samples and an option or two, to see what comes."""

    def __init__(self, form: library.Function, task: Task, required: dict[str, Any]) -> None:
        self._form, self._given = form, samples(task) | required
        self._classes = 2 if task == "binary" else CLASSES

    def result(self, options: dict[str, Any]) -> str | None:
        """Say what comes of these options: "number", its form in other words, or None where they are refused."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                result = self._form(**self._given | options)
            except (ValueError, TypeError, RuntimeError, IndexError):
                return None
        return "number" if one_number(result) is not None else _form_of(result, classes=self._classes)

    def narrowed(self, option: MetricOption) -> MetricOption:
        """Add what only trials say: choices that give one number, and bounds."""
        found = {choice: self.result({option.name: choice}) for choice in [*option.choices, *_null(option)]}
        several = [choice for choice, result in found.items() if result not in ("number", None)]
        return msgspec.structs.replace(
            option,
            choices=[choice for choice in option.choices if found[choice] == "number"],
            several=[] if len(several) == len(found) else several,
            **self._bounds(option),
        )

    def _bounds(self, option: MetricOption) -> dict[str, float]:
        """Find the bounds by trying numbers around the usual ones."""
        kind = next((kind for kind in ("number", "integer") if kind in option.kinds), None)
        if kind is None:
            return {}
        if option.name in _CHECKED_BADLY:
            return {"above" if option.name == "max_fpr" else "minimum": 0, "maximum": 1}
        tried: Sequence[float] = (-1.0, 0.0, 0.5, 1.0, 2.0) if kind == "number" else (-1, 0, 1, 2)
        right = [value for value in tried if self.result({option.name: value}) is not None]
        return dict(_limits(right, kind))


def _limits(right: Sequence[float], kind: Kind) -> Iterator[tuple[str, float]]:
    if kind == "integer":
        yield "maximum", LARGEST
    if right and right[0] == 0.5:
        yield "above", 0
    elif right and right[0] > -1:
        yield "minimum", right[0]
    if kind == "number" and right and right[-1] < 2:
        yield ("below", 1) if right[-1] == 0.5 else ("maximum", right[-1])


def _described(parameter: inspect.Parameter) -> MetricOption:
    """Describe an option as its annotation has it."""
    parts = _parts(parameter.annotation)
    required = parameter.default is inspect.Parameter.empty
    choices = [str(choice) for part in parts if typing.get_origin(part) is Literal for choice in typing.get_args(part)]
    kinds = [kind for part in parts if (kind := _kind(part))]
    return MetricOption(
        name=parameter.name,
        kinds=list(dict.fromkeys(kinds)),
        nullable=types.NoneType in parts,
        required=required,
        default=None if required else _as_json(parameter.default),
        choices=choices,
    )


def _as_json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _parts(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union; of any other type, itself."""
    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    return typing.get_args(annotation) if is_union else (annotation,)


def _kind(annotation: Any) -> Kind | None:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Literal:
        return "text"
    if origin is list and arguments == (float,):
        return "numbers"
    if origin is tuple and arguments == (float, float):
        return "range"
    return _KINDS.get(annotation)


def _null(option: MetricOption) -> list[None]:
    return [None] if option.nullable and "text" in option.kinds else []


def _example(option: MetricOption) -> Any:
    return option.choices[0] if option.choices else EXAMPLE[option.kinds[0]]


def _form_of(result: Any, classes: int) -> str:
    """Name the form of a result that is no single number."""
    parts = result if isinstance(result, tuple) else (result,)
    if any(not isinstance(part, Tensor) for part in parts) or len(parts) > 2:
        return "a curve"
    if any(part.ndim > 1 for part in parts):
        return "a matrix"
    return "one number per class" if all(len(part) == classes for part in parts) else "several numbers"
