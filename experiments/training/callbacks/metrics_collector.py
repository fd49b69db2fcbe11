"""Compute each epoch's numbers once, at its end, from what the steps returned."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from experiments.training import ranks
from experiments.training.callbacks.learning_rate import current_rate
from experiments.training.callbacks.steps import Steps
from experiments.training.contract.reports import Note, Reporter
from experiments.training.metrics.added import AddedMetrics
from experiments.training.metrics.counting import Counter
from experiments.training.metrics.epoch_matrix import epoch_matrix
from runs.events import EpochEnd, EpochMatrix, utc_now
from runs.hints.lower_rate import lower_rate_cure
from runs.statistics.matrix_statistics import Number
from runs.statistics.predictions import scores_from_logits
from runs.statistics.roc import Floats, Ints
from runs.statistics.score_statistics import epoch_metrics
from runs.wording.epoch_number import epoch_number


class Diverged(Exception):  # the message is a sentence for the user
    """A training whose losses are no longer finite."""


class MetricsCollector(Callback):
    """Collects metrics of any module whose steps return `{"loss", "logits", "target"}` and log nothing.

    Validation of epoch e belongs to epoch e: Lightning runs it before `on_train_epoch_end`, so both `epoch_end` events
    are reported when validation ends, train first. The `val_*` numbers are put, in float64, where EarlyStopping,
    ModelCheckpoint and schedulers look for logged ones, an unknown one as NaN; `self.log` would take as long for it as
    several steps of a small network. With several ranks the first has the outputs of all, and every rank gets its
    numbers, so that all make the same decisions.
    """

    def __init__(self, *, threshold: float | None, report: Reporter, added: AddedMetrics | None = None) -> None:
        self._threshold, self._report, self._added = threshold, report, added
        self._train, self._val = Steps(), Steps()
        self._rate = 0.0
        self._train_numbers: dict[str, Number] = {}
        self._val_numbers: dict[str, Number] = {}
        self._val_matrix: EpochMatrix | None = None  # of the rank that has all outputs
        self._counter = Counter()  # of the phase whose numbers were computed last
        self._warned = False

    def on_train_epoch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Forget the previous epoch's outputs and note the learning rate."""
        self._train.clear()
        self._rate = current_rate(trainer)  # of its first step; schedulers step before its end is reported

    def on_train_batch_end(self, _trainer: pl.Trainer, _module: Any, outputs: Any, *_: Any) -> None:
        """Keep the outputs of a training step."""
        self._train.add(outputs)

    def on_validation_epoch_start(self, *_: Any) -> None:
        """Forget the previous validation's outputs."""
        self._val.clear()

    def on_validation_batch_end(self, trainer: pl.Trainer, _module: Any, outputs: Any, *_: Any) -> None:
        """Keep the outputs of a validation step."""
        if not trainer.sanity_checking:
            self._val.add(outputs)

    def on_validation_epoch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Compute the validation's numbers."""
        if trainer.sanity_checking:
            return
        val = self._val.of_all_ranks()
        self._val_numbers = ranks.decided(lambda: self._validated(val, trainer.current_epoch))

    def on_validation_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Hand the validation's numbers to callbacks and schedulers, compute the training's and report, train first."""
        if trainer.sanity_checking:
            return
        trainer.callback_metrics.update({name: _logged(value) for name, value in self._val_numbers.items()})
        train = self._train.of_all_ranks()
        # Lightning divides the loss of a training step by accumulate_grad_batches.
        scale = trainer.accumulate_grad_batches
        self._train_numbers = ranks.decided(
            lambda: self._numbers("train", train.scores(), train.targets(), train.mean_loss(scale))
        )
        reported = self._train_numbers | {"learning_rate": self._rate}
        now = utc_now()
        self._report(EpochEnd(epoch=trainer.current_epoch, phase="train", metrics=reported, timestamp=now))
        val = self._val_numbers
        matrix = self._val_matrix
        self._report(EpochEnd(epoch=trainer.current_epoch, phase="val", metrics=val, timestamp=now, matrix=matrix))

    def on_train_epoch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Warn of losses that are not finite; raises Diverged if all of training's or of validation's were not.

        This comes after the epoch was reported, and before a checkpoint of it is kept.
        """
        if self._train_numbers["train_loss"] is not None and self._val_numbers["val_loss"] is not None:
            return
        sentence = divergence(trainer.current_epoch, self._rate)
        if not self._warned:
            self._warned = True
            self._report(Note(code="diverged", text=sentence))
        lost = ranks.gathered((self._train.diverged(), self._val.diverged()))
        if ranks.decided(lambda: any(all(phase) for phase in zip(*lost, strict=True))):
            raise Diverged(sentence)

    def state_dict(self) -> dict[str, Any]:
        """Return whether the warning was given, for the checkpoint."""
        return {"warned": self._warned}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore whether the warning was given."""
        self._warned = state_dict["warned"]

    def _validated(self, steps: Steps, epoch: int) -> dict[str, Number]:
        """Compute what every run reports of its validation, and what this one adds."""
        logits, targets = steps.logits(), steps.targets()
        scores = scores_from_logits(logits)
        numbers = self._numbers("val", scores, targets, steps.mean_loss(), logits)
        self._val_matrix = epoch_matrix(scores, targets, self._counter.last)
        return numbers | (
            self._added.numbers("val", scores, targets, where=f"epoch {epoch_number(epoch)}") if self._added else {}
        )

    def _numbers(
        self, phase: str, scores: Floats, targets: Ints, loss: Number, logits: Floats | None = None
    ) -> dict[str, Number]:
        self._counter = Counter()
        return epoch_metrics(
            phase,
            loss=loss,
            scores=scores,
            targets=targets,
            threshold=self._threshold,
            logits=logits,
            count=self._counter,
        )


def divergence(epoch: int, rate: float) -> str:
    """Describe for the user what happened, where, and the cure."""
    return (
        f"The training diverged: in epoch {epoch_number(epoch)}, at learning rate {rate:g}, the loss is no longer a "
        f"finite number. {lower_rate_cure(rate)}"
    )


def _logged(value: Number) -> torch.Tensor:
    return torch.tensor(float("nan") if value is None else value, dtype=torch.float64)
