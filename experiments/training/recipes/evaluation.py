"""Evaluate the best checkpoint of a training once over each held-out split, and keep the predictions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from pytorch_lightning.callbacks import Callback

from experiments.training import ranks
from experiments.training.callbacks.metrics_collector import Diverged
from experiments.training.callbacks.steps import Steps
from experiments.training.contract.inference import CHECKPOINT_METADATA, IMAGES_METADATA
from experiments.training.data.image_files import ImageFiles
from experiments.training.metrics.added import AddedMetrics
from experiments.training.metrics.counting import confusion_matrix
from experiments.training.models import exact_evaluation
from experiments.training.recipes.split_identity import split_identity
from runs.atomic_files import replacing
from runs.events import FinalStats, OperatingPoint, Split
from runs.statistics.calibration.calibration_error import reliability
from runs.statistics.intervals.patients import patient_codes
from runs.statistics.matrix_statistics import Number
from runs.statistics.operating_points.applying import applied_points
from runs.statistics.operating_points.choosing import chosen_points
from runs.statistics.patient_level import patient_statistics
from runs.statistics.predictions import evaluated, scores_from_logits
from runs.statistics.roc import Floats, Ints
from runs.statistics.score_statistics import epoch_metrics, split_statistics
from runs.statistics.subgroups.group_names import PREFIX
from runs.wording.epoch_number import epoch_number

MakeTrainer = Callable[[list[Callback]], pl.Trainer]


class Predictions(NamedTuple):
    """The scores of one split, sample by sample, in its order; `positions` index the data module's lists of ids.

    `scores` are the sigmoid or softmax of `logits`.
    """

    split: Split
    loss: Number
    logits: Floats
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
        logits = steps.logits()
        scores = scores_from_logits(logits)
        return Predictions(split, steps.mean_loss(), logits, scores, steps.targets(), positions)


def predict(make_trainer: MakeTrainer, module: pl.LightningModule, data: Any) -> list[Predictions]:
    """Run the module in evaluation mode, unshuffled, over the validation and, if there is one, the test split.

    The trainers shall have `exact_evaluation.PRECISION`. With several ranks each processes its part of a split, and
    rank 0 alone gets all of it.
    """
    with exact_evaluation.without_tf32():
        capture = Capture()
        make_trainer([capture]).validate(module, datamodule=data, verbose=False)
        predictions = [capture.predictions("val")]
        if data.test_dataloader() is not None:
            capture = Capture()
            make_trainer([capture]).test(module, datamodule=data, verbose=False)
            predictions.append(capture.predictions("test"))
    return predictions


def write_predictions(
    path: Path, predictions: Sequence[Predictions], data: Any, *, checkpoint: Path | None = None
) -> None:
    """Write one row per sample, from which anyone can recompute each figure.

    Columns: `split`, `sample_id`, `patient_id` (null where it is not known), `subgroup_<column>` for each column of
    subgroups, `label` (0, 1, ...), `score_<class>` for each class, unrounded float64; a binary run has `score` too, the
    positive class's. Then the outputs of the network, by which samples are ranked: `logit` of a binary run, that of the
    positive class, else `logit_<class>` for each class. Of images `file` and `file_bytes` say which file of the source
    was read, null where one holds many. The file's metadata have the SHA-256 of the `checkpoint`, if one is given.
    """
    columns = [_columns(part, data) | _file_columns(part, data) for part in predictions]
    table = pa.concat_tables([pa.table(part) for part in columns])
    metadata = {} if checkpoint is None else {CHECKPOINT_METADATA: _sha256(checkpoint)}
    if files := _image_files(data):
        metadata[IMAGES_METADATA] = msgspec.json.encode(files.rendering)
    if metadata:
        table = table.replace_schema_metadata(metadata)
    with replacing(path) as temporary:
        pq.write_table(table, temporary, write_page_checksum=True)  # else damaged scores are read as other scores


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest().encode()


def _columns(part: Predictions, data: Any) -> dict[str, Any]:
    scores = part.scores if part.scores.ndim == 2 else np.column_stack([1 - part.scores, part.scores])
    columns: dict[str, Any] = {
        "split": [part.split] * len(part.targets),
        "sample_id": [data.sample_ids[i] for i in part.positions],
        "patient_id": pa.array([data.patient_ids[i] for i in part.positions], pa.string()),
        **_subgroups(part, data),
        "label": part.targets,
    }
    if part.scores.ndim == 1:
        columns["score"] = part.scores
    columns |= {f"score_{name}": scores[:, label] for label, name in enumerate(data.class_names)}
    logits = _narrowed(part.logits)
    if logits.ndim == 1:
        return columns | {"logit": logits}
    return columns | {f"logit_{name}": logits[:, label] for label, name in enumerate(data.class_names)}


def _subgroups(part: Predictions, data: Any) -> dict[str, Any]:
    """Return the group of each sample by the columns that tell subgroups apart."""
    return {
        f"{PREFIX}{column}": pa.array([groups[i] for i in part.positions], pa.string())
        for column, groups in data.subgroups.items()
    }


def _image_files(data: Any) -> ImageFiles | None:
    return getattr(data, "image_files", None)


def _file_columns(part: Predictions, data: Any) -> dict[str, Any]:
    files = _image_files(data)
    if files is None:
        return {}
    return {
        "file": pa.array([files.names[i] for i in part.positions], pa.string()),
        "file_bytes": pa.array([files.sizes[i] for i in part.positions], pa.int64()),
    }


def _narrowed(logits: Floats) -> NDArray[Any]:
    """Return the logits in single precision, which networks compute in, unless that would round one."""
    with np.errstate(over="ignore"):
        single = logits.astype(np.float32)
    return single if np.array_equal(single, logits, equal_nan=True) else logits


def events(
    predictions: Sequence[Predictions],
    data: Any,
    *,
    epoch: int,
    threshold: float | None,
    added: AddedMetrics | None,
    source: str,
) -> Iterator[FinalStats]:
    """Compute the final statistics of each split in turn; raises Diverged if the scores are not finite.

    The operating points are chosen on the first split, and applied to the others. `source` is that of the samples, as
    `split_identity` takes it.
    """
    points: Sequence[OperatingPoint] | None = None
    for part in predictions:
        stats = final_stats(
            part,
            epoch=epoch,
            threshold=threshold,
            class_names=data.class_names,
            patient_ids=data.patient_ids,
            added=added,
            points=points,
            identity=_identity(part, data, source) if part.split == "test" else None,
        )
        points = stats.operating_points
        yield stats


def _identity(part: Predictions, data: Any, source: str) -> str:
    """Compute what identifies the samples that were evaluated, and their classes."""
    labelled = zip(part.positions.tolist(), part.targets.tolist(), strict=True)
    return split_identity(source, ((data.sample_ids[place], data.class_names[label]) for place, label in labelled))


def final_stats(
    part: Predictions,
    *,
    epoch: int,
    threshold: float | None,
    class_names: Sequence[str],
    patient_ids: Sequence[str | None] = (),
    added: AddedMetrics | None = None,
    points: Sequence[OperatingPoint] | None = None,
    identity: str | None = None,
) -> FinalStats:
    """Compute all final statistics of one split; raises Diverged if the scores are not finite.

    `patient_ids` are the data module's, which the positions index; none where they are not known. `points` are
    operating points that were chosen on another split; without them they are chosen on this one.
    """
    if not np.isfinite(part.scores).all():
        raise Diverged(
            f"The training diverged: the best epoch ({epoch_number(epoch)}) gives scores that are not finite numbers. "
            "Lower optimizer.learning_rate."
        )
    patients = patient_codes([patient_ids[place] for place in part.positions]) if len(patient_ids) else None
    split = evaluated(part.scores, part.targets, threshold=threshold, logits=part.logits, patients=patients)
    matrix, statistics = split_statistics(split, class_names)
    if part.split == "test":
        statistics |= epoch_metrics(
            "test",
            loss=part.loss,
            scores=part.scores,
            targets=part.targets,
            threshold=threshold,
            logits=part.logits,
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
        patients=None if patients is None else int(patients.max()) + 1,
        reliability=reliability(split),
        operating_points=chosen_points(split, threshold) if points is None else applied_points(split, points),
        split_identity=identity,
        by_patient=patient_statistics(split, class_names, threshold),
    )
