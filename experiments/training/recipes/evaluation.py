"""Evaluate the best checkpoint of a training once over each held-out split, and keep the predictions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from experiments.training import ranks
from experiments.training.callbacks.metrics_collector import Diverged
from experiments.training.callbacks.steps import Steps
from experiments.training.metrics.added import AddedMetrics
from experiments.training.metrics.counting import confusion_matrix
from runs.atomic_files import replacing
from runs.events import FinalStats, Split
from runs.statistics.matrix_statistics import Number
from runs.statistics.roc import Floats, Ints
from runs.statistics.score_statistics import epoch_metrics, final_statistics
from runs.wording.epoch_number import epoch_number

MakeTrainer = Callable[[list[Callback]], pl.Trainer]


class Predictions(NamedTuple):
    """The scores of one split, sample by sample, in its order; `positions` index the data module's lists of ids."""

    split: Split
    loss: Number
    scores: Floats
    targets: Ints
    positions: Ints


class Capture(Callback):
    """Keeps what the steps of an evaluation return."""

    def __init__(self) -> None:
        self._steps = Steps()
        self._positions: list[torch.Tensor] = []

    def on_validation_batch_end(self, _trainer: Any, _module: Any, outputs: Any, batch: Any, *_: Any) -> None:
        """Keep a validation step's outputs and sample positions."""
        self._steps.add(outputs)
        self._positions.append(batch[2])

    def on_test_batch_end(self, *arguments: Any) -> None:
        """Keep a test step's outputs and sample positions."""
        self.on_validation_batch_end(*arguments)

    def predictions(self, split: Split) -> Predictions:
        """Return all predictions of the split, with several ranks on rank 0 only.

        They are read once, at the end. All ranks must call it.
        """
        steps = self._steps.of_all_ranks()
        positions = np.concatenate(ranks.gathered(torch.cat(self._positions).cpu().numpy()))
        return Predictions(split, steps.mean_loss(), steps.scores(), steps.targets(), positions)


def restore(module: pl.LightningModule, checkpoint: Path) -> None:
    """Load the checkpoint's weights into the module, reading tensors and plain values only, never code.

    Rank 0 alone reads the file, which other machines need not have. All ranks must call it.
    """
    state = ranks.decided(lambda: _without_optimizer(torch.load(checkpoint, map_location="cpu", weights_only=True)))
    module.on_load_checkpoint(state)
    module.load_state_dict(state["state_dict"])


def _without_optimizer(state: dict[str, Any]) -> dict[str, Any]:
    """Drop the optimizer's state, which is twice as large as the weights and not needed for evaluation."""
    return {name: part for name, part in state.items() if name != "optimizer_states"}


def predict(make_trainer: MakeTrainer, module: pl.LightningModule, data: Any) -> list[Predictions]:
    """Run the module in evaluation mode, unshuffled, over the validation and, if there is one, the test split.

    With several ranks each processes its part of a split, and rank 0 alone gets all of it.
    """
    capture = Capture()
    make_trainer([capture]).validate(module, datamodule=data, verbose=False)
    predictions = [capture.predictions("val")]
    if data.test_dataloader() is not None:
        capture = Capture()
        make_trainer([capture]).test(module, datamodule=data, verbose=False)
        predictions.append(capture.predictions("test"))
    return predictions


def write_predictions(path: Path, predictions: Sequence[Predictions], data: Any) -> None:
    """Write one row per sample, from which anyone can recompute each figure.

    Columns: `split`, `sample_id`, `patient_id` (null where it is not known), `label` (0, 1, ...), `score_<class>` for
    each class, unrounded float64; a binary run has `score` too, the positive class's.
    """
    columns = [_columns(part, data) for part in predictions]
    table = pa.concat_tables([pa.table(part) for part in columns])
    with replacing(path) as temporary:
        pq.write_table(table, temporary)


def _columns(part: Predictions, data: Any) -> dict[str, Any]:
    scores = part.scores if part.scores.ndim == 2 else np.column_stack([1 - part.scores, part.scores])
    columns: dict[str, Any] = {
        "split": [part.split] * len(part.targets),
        "sample_id": [data.sample_ids[i] for i in part.positions],
        "patient_id": pa.array([data.patient_ids[i] for i in part.positions], pa.string()),
        "label": part.targets,
    }
    if part.scores.ndim == 1:
        columns["score"] = part.scores
    return columns | {f"score_{name}": scores[:, label] for label, name in enumerate(data.class_names)}


def final_stats(
    part: Predictions,
    *,
    epoch: int,
    threshold: float | None,
    class_names: Sequence[str],
    added: AddedMetrics | None = None,
) -> FinalStats:
    """Compute all final statistics of one split; raises Diverged if the scores are not finite."""
    if not np.isfinite(part.scores).all():
        raise Diverged(
            f"The training diverged: the best epoch ({epoch_number(epoch)}) gives scores that are not finite numbers. "
            "Lower optimizer.learning_rate."
        )
    matrix, statistics = final_statistics(part.scores, part.targets, class_names=class_names, threshold=threshold)
    if part.split == "test":
        statistics |= epoch_metrics(
            "test",
            loss=part.loss,
            scores=part.scores,
            targets=part.targets,
            threshold=threshold,
            count=confusion_matrix,
        )
        statistics |= added.numbers("test", part.scores, part.targets, where="the test split") if added else {}
    return FinalStats(
        split=part.split,
        epoch=epoch,
        threshold=threshold,
        confusion_matrix=matrix.tolist(),
        class_names=list(class_names),
        statistics=statistics,
    )
