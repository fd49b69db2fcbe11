"""The job of an external test: score another data set by a run's model, and say how good and how different that is."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from experiments.training.contract.reports import Job, Note, Progress, Reporter
from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.stop import Interrupted, Stop
from experiments.training.external_testing import external_report, overlap, stored_scores
from experiments.training.external_testing.asked import INTERNAL, PREDICTIONS, Asked
from experiments.training.model_source import ModelSource
from experiments.training.prediction.datasets import ForeignSamples, read_dataset
from experiments.training.prediction.trained_model import TrainedModel, load
from experiments.training.recipes.evaluation import Predictions, write_predictions
from experiments.training.recipes.split_identity import split_identity
from runs.events import Split
from runs.statistics.external.measured import Scored
from runs.statistics.intervals.patients import patient_codes
from runs.statistics.predictions import scores_from_logits

SPLIT: Split = "test"
"""What the rows of its `predictions.parquet` say: the file is read like that of a run."""
BATCHES_AT_ONCE = 8
MOST_NAMED = 100
NOT_FINITE = "The network gives scores that are not finite numbers for {samples:,} of these samples, such as {example}."


def run(job: Job, report: Reporter, stop: Stop) -> dict[str, Any]:
    """Carry out the external test; raises SourceError, ModelError, OSError, and Interrupted once `stop` is set.

    `predictions.parquet` is left in the folder of the job.
    """
    asked = msgspec.convert(job.options, Asked)
    if job.model is None:
        raise ValueError("An external test needs a model.")
    model = load(job.model, device=job.device)
    report(Note(code="progress", text="Reading the data."))
    data = read_dataset(model, job, labels=True, stop=stop, progress=_saying(report))
    targets = np.asarray(_labels_of(data), dtype=np.int64)
    logits = _logits(model, data, report, stop)
    scores = scores_from_logits(logits)
    _require_finite(scores, data)
    report(Note(code="progress", text="Computing the statistics."))
    folder = Path(job.run_dir)
    samples = Scored(scores, logits, targets, patient_codes(list(data.patient_ids)))
    _write(folder / PREDICTIONS, samples, data, list(model.classes))
    own, problem = _own(folder, asked, model.classes)
    found = external_report.report_of(
        samples, own, model.classes, asked, groups=data.subgroups, threshold=job.model.threshold
    )
    return found | {"internal_problem": problem} | _facts(job, job.model, asked, data, targets)


def _saying(report: Reporter) -> Any:
    def say(done: int, total: int) -> None:
        report(Progress(done=done, total=total))

    return say


def _labels_of(data: ForeignSamples) -> list[int]:
    if data.labels is None or not len(data.labels):
        raise SourceError("source_path", "There are no labelled samples in it, so there is nothing to test on.")
    return list(data.labels)


def _logits(model: TrainedModel, data: ForeignSamples, report: Reporter, stop: Stop) -> NDArray[np.float64]:
    """Compute the outputs part by part. Raises Interrupted once `stop` is set."""
    size, total = BATCHES_AT_ONCE * model.config.data.batch_size, len(data.inputs)
    report(Note(code="progress", text="Scoring the samples."))
    parts = []
    for start in range(0, total, size):
        if stop.is_set():
            raise Interrupted
        parts.append(model.logits(data.inputs[start : start + size]))
        report(Progress(done=min(total, start + size), total=total))
    return np.concatenate(parts)


def _require_finite(scores: NDArray[np.float64], data: ForeignSamples) -> None:
    wrong = np.flatnonzero(~np.isfinite(scores.reshape(len(scores), -1)).all(axis=1))
    if len(wrong):
        raise SourceError("source_path", NOT_FINITE.format(samples=len(wrong), example=data.sample_ids[int(wrong[0])]))


class _Described:
    """The samples by the names of the data module's attributes, as the file of predictions takes them."""

    def __init__(self, data: ForeignSamples, class_names: list[str]) -> None:
        self.sample_ids, self.patient_ids = data.sample_ids, data.patient_ids
        self.subgroups, self.image_files = data.subgroups, data.image_files
        self.class_names = class_names


def _write(path: Path, samples: Scored, data: ForeignSamples, class_names: list[str]) -> None:
    if samples.logits is None:
        raise ValueError("Scores are made of logits.")
    places = np.arange(len(samples.targets))
    part = Predictions(SPLIT, None, samples.logits, samples.scores, samples.targets, places)
    write_predictions(path, [part], _Described(data, class_names))


def _own(folder: Path, asked: Asked, class_names: list[str]) -> tuple[Scored | None, str | None]:
    """Read the samples of the run's own test; None with the reason where they are not kept."""
    path = folder / "inputs" / INTERNAL
    if asked.internal_split is None or not path.is_file():
        return None, "The run has no predictions.parquet any more, so nothing is compared with its own test."
    try:
        return stored_scores.read(path, asked.internal_split, class_names), None
    except stored_scores.Unusable as error:
        return None, str(error)


def _left_out(data: ForeignSamples) -> dict[str, Any]:
    """Count the samples that could not be read, and say of the first ones why."""
    named = islice(data.problems.items(), MOST_NAMED)
    return {"count": len(data.problems), "first": [{"sample": name, "problem": problem} for name, problem in named]}


def _facts(
    job: Job, source: ModelSource, asked: Asked, data: ForeignSamples, targets: NDArray[np.int64]
) -> dict[str, Any]:
    """Say what was read, and whether it is what the run was trained on."""
    labelled = ((id_, source.classes[label]) for id_, label in zip(data.sample_ids, targets.tolist(), strict=True))
    place = str(job.config["source_path"])
    shared = overlap.overlap(
        asked.known,
        content_hash=job.content_hash,
        source=place,
        sample_ids=data.sample_ids,
        patient_ids=data.patient_ids,
    )
    return {
        "identity": split_identity(job.content_hash or place, labelled),
        "content_hash": job.content_hash,
        "overlap": msgspec.to_builtins(shared),
        "reading": msgspec.to_builtins(data.reading),
        "left_out": _left_out(data),
        "notes": list(data.notes),
        "site": asked.site,
        "recalibration": asked.recalibration,
        "attempt": source.attempt,
        "checkpoint_sha256": source.sha256,
    }
