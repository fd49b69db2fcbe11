"""Track the best values reached so far, each with its own epoch."""

from __future__ import annotations

from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from experiments.training.callbacks.ranking import Mode, Score, logged, ranked
from experiments.training.contract.reports import BestValues, Reporter


class BestTracker(Callback):
    """Reports `BestValues` after each complete epoch, and when an attempt continues an earlier one.

    An unknown value is never best, an equal one not better.

    `best_epoch` is the best by `monitor`, equal values decided by the lower `val_loss`; `val_recall` and `val_loss` are
    each tracked on their own.
    """

    def __init__(self, *, monitor: str, mode: Mode, report: Reporter) -> None:
        self._monitor, self._mode, self._report = monitor, mode, report
        self._best: dict[str, Score] = {}

    def on_train_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Report the best of the epochs that a resumed attempt continues: the one before may have known later ones."""
        if trainer.current_epoch:
            self._report(self._values(trainer.current_epoch))

    def on_train_epoch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Compare the epoch's values with the best and report them."""
        epoch, metrics = trainer.current_epoch, trainer.callback_metrics
        loss, recall = logged(metrics, "val_loss"), logged(metrics, "val_recall")
        self._consider("monitor", Score(epoch, logged(metrics, self._monitor), loss), self._mode)
        self._consider("val_recall", Score(epoch, recall, None), "max")
        self._consider("val_loss", Score(epoch, loss, None), "min")
        self._report(self._values(epoch + 1))

    def _consider(self, name: str, score: Score, mode: Mode) -> None:
        if score.value is not None:
            known = [self._best[name]] if name in self._best else []
            self._best[name] = ranked([*known, score], mode)[0]

    def _values(self, epochs: int) -> BestValues:
        unknown = Score(-1, None, None)
        best, recall, loss = (self._best.get(name, unknown) for name in ("monitor", "val_recall", "val_loss"))
        return BestValues(
            best_epoch=_epoch(best),
            best_value=best.value,
            best_val_recall=recall.value,
            best_val_recall_epoch=_epoch(recall),
            best_val_loss=loss.value,
            best_val_loss_epoch=_epoch(loss),
            total_epochs=epochs,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return the best values for the checkpoint."""
        return {name: list(score) for name, score in self._best.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the best values from a checkpoint."""
        self._best = {name: Score(*values) for name, values in state_dict.items()}


def _epoch(score: Score) -> int | None:
    return None if score.value is None else score.epoch
