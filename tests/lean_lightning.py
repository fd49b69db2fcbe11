"""Lightning in tests is loaded as trainings load it, without PyTorch's compiler: half the time, and 200 MB less.

Lanes import hundreds of modules in an order that changes with each test file, and many tests need no PyTorch. So the
first module that imports PyTorch loads both.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

NAME = "torch"
IMPORTERS = ("torchmetrics", "pytorch_lightning", "lightning_fabric")
"""What Lightning loads, and loads PyTorch: where one of them is the first to do so, it is half loaded then."""


class _WithTorch(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find PyTorch once, with a loader that goes on with Lightning."""
        if name != NAME:
            return None
        sys.meta_path.remove(self)
        found = find_spec(name)
        if found is not None:
            _load_lightning_then(found)
        return found


def _load_lightning_then(found: ModuleSpec) -> None:
    loader: Any = found.loader
    load = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        load(module)
        if any(name in sys.modules for name in IMPORTERS):
            return
        from experiments.training.loading import lean_lightning  # noqa: F401, PLC0415

    loader.exec_module = exec_module


def install() -> None:
    """Wait for the first import of PyTorch."""
    if NAME not in sys.modules:
        sys.meta_path.insert(0, _WithTorch())
