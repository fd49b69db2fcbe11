"""Check once what a module's steps return, since everything reported about a run is computed from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytorch_lightning.callbacks import Callback
from torch import Tensor

from experiments.training.contract.networks.model_errors import ModelError

KEYS = ("loss", "logits", "target")


class StepContract(Callback):
    """Raises ModelError at the first training or validation batch whose step returns something else."""

    def __init__(self, num_classes: int) -> None:
        self._num_classes = num_classes
        self._checked: set[str] = set()

    def on_train_batch_end(self, _trainer: Any, module: Any, outputs: Any, batch: Any, *_: Any) -> None:
        """Check the first training step's result."""
        self._check("training_step", module, outputs, batch)

    def on_validation_batch_end(self, _trainer: Any, module: Any, outputs: Any, batch: Any, *_: Any) -> None:
        """Check the first validation step's result."""
        self._check("validation_step", module, outputs, batch)

    def on_test_batch_end(self, _trainer: Any, module: Any, outputs: Any, batch: Any, *_: Any) -> None:
        """Check the first test step's result."""
        self._check("test_step", module, outputs, batch)

    def _check(self, step: str, module: Any, outputs: Any, batch: Any) -> None:
        if step in self._checked:
            return
        self._checked.add(step)
        if problem := fault(outputs, samples=len(batch[1]), num_classes=self._num_classes):
            raise ModelError(f"{type(module).__name__}.{step} {problem}")


def fault(outputs: Any, *, samples: int, num_classes: int) -> str | None:
    """Say what is wrong with a step's result and what would be right; None if it is as required."""
    if not isinstance(outputs, Mapping) or not all(isinstance(outputs.get(key), Tensor) for key in KEYS):
        found = f"with {', '.join(map(str, outputs))}" if isinstance(outputs, Mapping) else ""
        return (
            f"returned a {type(outputs).__name__} {found}".rstrip()
            + '; return {"loss": …, "logits": …, "target": …}, each a tensor.'
        )
    wanted = (samples,) if num_classes == 2 else (samples, num_classes)
    for key, shape in (("loss", ()), ("logits", wanted), ("target", (samples,))):
        if tuple(outputs[key].shape) != shape:
            return (
                f'returned "{key}" of shape {tuple(outputs[key].shape)}; for {num_classes} classes it must be {shape}.'
            )
    return None
