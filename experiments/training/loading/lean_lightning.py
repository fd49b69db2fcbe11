"""Loads PyTorch and Lightning without PyTorch's compiler, of which no training of ours uses anything.

The compiler (`torch._dynamo`, with SymPy and more) is half of what Lightning loads, only to tell compiled modules from
others. Optimizers would load it, too, in order to tell it where they begin and end, and Trainers, to tell it whether
results must be the same each time. A network of a team that compiles itself still loads it; from then on everything is
as if it had been there from the start.

Nor is SciPy's signal processing loaded, to which torchmetrics adds a function for one metric of sounds, nor matplotlib
(`drawing_later`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FunctionType, ModuleType
from typing import Any

import torch
from torch.nn.parallel import DistributedDataParallel
from torch.optim import SGD, Adam, Optimizer

from experiments.training.loading.drawing_later import drawing_later

COMPILER, INDUCTOR = "torch._dynamo", "torch._inductor"
_ANSWER = "__dynamo_disable"  # where PyTorch keeps on a function what the compiler has made of it
_TELLING = torch._compile.__file__  # of the functions that make it do so
_TELLING_STEPS = {Adam.step.__code__, SGD.step.__code__}  # one and the same, of the function that wraps all steps


class _OfTheCompiler(type):
    """Answers for the compiler's class of the same name: nothing is of it while the compiler is not loaded."""

    def __instancecheck__(cls, instance: object) -> bool:
        compiler: Any = sys.modules.get(COMPILER)
        return compiler is not None and isinstance(instance, compiler.OptimizedModule)


class OptimizedModule(metaclass=_OfTheCompiler):
    """Stands in for the class of compiled modules."""


def disable(function: Callable[..., Any], recursive: bool = True, *, reason: str | None = None) -> Callable[..., Any]:
    """Stand in for what keeps the compiler from a function: it is asked at the first call after it was loaded."""
    told: Callable[..., Any] | None = None

    @wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        nonlocal told
        if told is None:
            if COMPILER not in sys.modules:
                return function(*arguments, **options)
            told = sys.modules[COMPILER].disable(function, recursive, reason=reason)
        return told(*arguments, **options)

    return call


@contextmanager
def _standing_in(name: str, **attributes: object) -> Iterator[None]:
    """Let imports in the block find a module with these attributes, unless the real one is loaded already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = module = ModuleType(name)
    vars(module).update(attributes)
    try:
        yield
    finally:
        del sys.modules[name]


def _leave_compiler_alone(owner: type) -> None:
    """Have the methods that the compiler shall not touch tell it so only when it is loaded."""
    for method in vars(owner).values():
        while (inner := getattr(method, "__wrapped__", None)) is not None:
            if isinstance(method, FunctionType) and method.__code__.co_filename == _TELLING:
                _tell_later(method, inner)
            method = inner  # noqa: PLW2901


def _tell_later(method: Callable[..., Any], function: Callable[..., Any]) -> None:
    def call(*arguments: Any, **options: Any) -> Any:
        if COMPILER not in sys.modules:
            return function(*arguments, **options)
        vars(function).pop(_ANSWER, None)
        return method(*arguments, **options)  # which asks the compiler now, and keeps its answer

    setattr(function, _ANSWER, call)


def _step_alone(owner: type[Optimizer]) -> None:
    """Have each step of an optimizer tell the compiler where it begins and ends only when it is loaded."""
    step = vars(owner).get("step")
    if isinstance(step, FunctionType) and step.__code__ in _TELLING_STEPS:
        owner.step = _plain_step(step, step.__wrapped__)  # type: ignore[attr-defined, method-assign]
    for further in owner.__subclasses__():
        _step_alone(further)


def _plain_step(telling: Callable[..., Any], step: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(step)
    def call(optimizer: Optimizer, *arguments: Any, **options: Any) -> Any:
        if COMPILER in sys.modules:
            return telling(optimizer, *arguments, **options)
        with torch.set_grad_enabled(optimizer.defaults["differentiable"]):
            return step(optimizer, *arguments, **options)

    return call


def _choosing_alone(choose: Callable[..., None]) -> Callable[..., None]:
    """Make a function that does as `torch.use_deterministic_algorithms`, and leaves word for a compiler to come."""

    @wraps(choose)
    def call(mode: bool, *, warn_only: bool = False) -> None:
        if INDUCTOR in sys.modules:
            choose(mode, warn_only=warn_only)
            return
        os.environ["TORCHINDUCTOR_DETERMINISTIC"] = str(int(mode))  # it reads this when it is loaded
        torch.set_deterministic_debug_mode(("warn" if warn_only else "error") if mode else "default")

    return call


torch.use_deterministic_algorithms = _choosing_alone(torch.use_deterministic_algorithms)
for _owner in (Optimizer, DistributedDataParallel):
    _leave_compiler_alone(_owner)
_step_alone(Optimizer)
with (
    _standing_in(COMPILER, OptimizedModule=OptimizedModule, disable=disable),
    _standing_in("scipy.signal", hamming=None),
    drawing_later(),
):
    import pytorch_lightning  # noqa: F401
