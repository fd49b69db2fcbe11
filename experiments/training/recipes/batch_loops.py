"""Lightning's loops over an epoch's batches, without what our own modules never need on the CPU.

For each batch Lightning asks every callback and the module for a dozen hooks, whether they have them or not, reads the
signature of the step, wraps it in closures and contexts, and collects what it may have logged: as much time as a small
network takes. Here only the hooks that exist are called, in Lightning's order, and the counters that checkpoints hold
are kept as Lightning keeps them. Whatever is out of the ordinary goes Lightning's way: another module, precision or
strategy, accumulated gradients, the first step after a resume.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loops.evaluation_loop import _EvaluationLoop
from pytorch_lightning.loops.fetchers import _DataFetcher
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop
from pytorch_lightning.plugins.precision import Precision
from pytorch_lightning.trainer.states import RunningStage, TrainerFn
from pytorch_lightning.utilities.exceptions import SIGTERMException

from experiments.training.callbacks.batch_hooks import HOOKS
from experiments.training.models.classifier import Batch, Classifier
from experiments.training.recipes.on_cpu import OnCPU


class Hooks:
    """The hooks of a trainer's callbacks that run for each batch, by name, those alone that do something."""

    def __init__(self, trainer: pl.Trainer) -> None:
        self._trainer, self._module = trainer, trainer.lightning_module
        callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
        self._by_name: dict[str, list[Callable[..., object]]] = {
            name: [hook for callback in callbacks if _does_something(hook := getattr(callback, name), name)]
            for name in HOOKS
        }

    def call(self, name: str, *arguments: Any) -> None:
        """Call each callback's hook of that name."""
        for hook in self._by_name[name]:
            hook(self._trainer, self._module, *arguments)


def _does_something(hook: Any, name: str) -> bool:
    return callable(hook) and getattr(hook, "__func__", None) is not getattr(Callback, name)


def applies(trainer: pl.Trainer) -> bool:
    """Return whether the trainer's batches can take the short way."""
    return (
        type(trainer.lightning_module) is Classifier
        and isinstance(trainer.strategy, OnCPU)
        and type(trainer.precision_plugin) is Precision
        and trainer.accumulate_grad_batches == 1
    )


class ValidationLoop(_EvaluationLoop):
    """The loop over the validation's batches within a training."""

    def __init__(self, trainer: pl.Trainer) -> None:
        super().__init__(trainer, TrainerFn.FITTING, RunningStage.VALIDATING, verbose=False, inference_mode=False)
        self.hooks: Hooks | None = None  # None: Lightning's way

    def _evaluation_step(
        self, batch: Any, batch_idx: int, dataloader_idx: int, dataloader_iter: Iterator[Any] | None
    ) -> None:
        if self.hooks is None or self.trainer.sanity_checking:
            super()._evaluation_step(batch, batch_idx, dataloader_idx, dataloader_iter)
            return
        trainer, progress = self.trainer, self.batch_progress
        progress.increment_ready()
        self.hooks.call("on_validation_batch_start", batch, batch_idx)
        progress.increment_started()
        outputs = trainer.lightning_module.validation_step(batch, batch_idx)
        progress.increment_processed()
        self.hooks.call("on_validation_batch_end", outputs, batch, batch_idx)
        progress.increment_completed()
        self._has_run = True
        self._seen_batches_per_dataloader[dataloader_idx] += 1
        if trainer.received_sigterm and not progress.is_last_batch:
            raise SIGTERMException


class EpochLoop(_TrainingEpochLoop):
    """The loop over the training batches of an epoch."""

    def __init__(self, trainer: pl.Trainer) -> None:
        super().__init__(trainer, trainer.min_steps, trainer.max_steps)
        self.val_loop: ValidationLoop = ValidationLoop(trainer)
        self._hooks: Hooks | None = None  # None: Lightning's way

    def on_run_start(self, data_fetcher: _DataFetcher) -> None:
        """Begin an epoch, and decide which way it takes."""
        super().on_run_start(data_fetcher)
        self._hooks = self.val_loop.hooks = Hooks(self.trainer) if applies(self.trainer) else None

    def advance(self, data_fetcher: _DataFetcher) -> None:
        """Train on the next batch. Raises StopIteration after the last one."""
        if self._hooks is None or self.restarting:
            super().advance(data_fetcher)
            return
        self.val_loop.restarting = False
        hooks, progress = self._hooks, self.batch_progress
        batch, _, _ = next(data_fetcher)
        batch_idx = self.batch_idx + 1
        progress.is_last_batch = data_fetcher.done
        progress.increment_ready()
        hooks.call("on_train_batch_start", batch, batch_idx)
        progress.increment_started()
        outputs = self._stepped(hooks, batch, batch_idx)
        progress.increment_processed()
        self.update_lr_schedulers("step", update_plateau_schedulers=False)
        if self._num_ready_batches_reached():
            self.update_lr_schedulers("epoch", update_plateau_schedulers=False)
        hooks.call("on_train_batch_end", outputs, batch, batch_idx)
        progress.increment_completed()

    def on_advance_end(self, data_fetcher: _DataFetcher) -> None:
        """Count the step; after an epoch's last one, or when training has to stop, do all that Lightning does."""
        trainer = self.trainer
        if self._hooks is None or self.batch_progress.is_last_batch or trainer.should_stop or trainer.received_sigterm:
            super().on_advance_end(data_fetcher)
        else:
            self._batches_that_stepped += 1

    def _stepped(self, hooks: Hooks, batch: Batch, batch_idx: int) -> dict[str, Any]:
        """Compute loss and gradients, let the optimizer make its step, and return the step's outputs."""
        trainer, optimizer = self.trainer, self.trainer.optimizers[0]
        module: Any = trainer.lightning_module
        counters = self.automatic_optimization.optim_progress.optimizer
        counters.step.increment_ready()
        outputs = module.training_step(batch, batch_idx)
        counters.zero_grad.increment_ready()
        hooks.call("on_before_zero_grad", optimizer)
        counters.zero_grad.increment_started()
        module.optimizer_zero_grad(trainer.current_epoch, batch_idx, optimizer)
        counters.zero_grad.increment_completed()
        hooks.call("on_before_backward", outputs["loss"])
        outputs["loss"].backward()
        hooks.call("on_after_backward")
        hooks.call("on_before_optimizer_step", optimizer)
        if trainer.gradient_clip_val:
            module.clip_gradients(optimizer, trainer.gradient_clip_val, trainer.gradient_clip_algorithm)
        optimizer.step()
        counters.step.increment_completed()
        return {**outputs, "loss": outputs["loss"].detach()}


def install(trainer: pl.Trainer) -> None:
    """Replace the trainer's own loops over the batches of a training."""
    trainer.fit_loop.epoch_loop = EpochLoop(trainer)
