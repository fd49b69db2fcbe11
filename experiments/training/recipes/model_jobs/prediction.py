"""Predict every sample of another data set with a finished run's model, and write the predictions as files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.training.contract.reports import Job, Note, Progress, Reporter
from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.stop import Interrupted, Stop
from experiments.training.prediction import datasets, trained_model
from experiments.training.prediction.datasets import ForeignSamples
from experiments.training.prediction.serving import item_scores
from experiments.training.prediction.serving.messages import Item
from experiments.training.prediction.trained_model import TrainedModel
from runs.spreadsheets.neutral_cells import csv_rows

CSV, PARQUET, LINES = "predictions.csv", "predictions.parquet", "predictions.jsonl"
AT_ONCE = 4096
"""Samples whose predictions are in memory together, and between two looks at whether the job was cancelled."""
SHOWN_PROBLEMS = 100


def run(job: Job, report: Reporter, stop: Stop) -> dict[str, Any]:
    """Write the files, and return counts. Raises SourceError for data that cannot be read, and Interrupted."""
    if job.model is None:
        raise SourceError("", "The job names no model; ask for it again.")
    report(Note(code="progress", text="Loading the model"))
    model = trained_model.load(job.model, device=job.device)
    report(Note(code="progress", text="Reading the data"))
    samples = datasets.read_dataset(
        model, job, labels=False, stop=stop, progress=lambda done, total: report(Progress(done=done, total=total))
    )
    report(Note(code="progress", text="Predicting"))
    summary = Summary(model)
    with Files(Path(job.run_dir), model) as files:
        for done, items in _predicted(model, samples):
            if stop.is_set():
                raise Interrupted
            files.write(items)
            summary.count(items)
            report(Progress(done=done, total=len(samples.sample_ids)))
        unread = [Item(name=name, problem=problem) for name, problem in samples.problems.items()]
        files.write(unread)
    return summary.described(samples)


def _predicted(model: TrainedModel, samples: ForeignSamples) -> Iterator[tuple[int, list[Item]]]:
    """Yield predictions part by part, each with how many samples are done."""
    for start in range(0, len(samples.sample_ids), AT_ONCE):
        end = start + AT_ONCE
        scores = model.scored(model.logits(samples.inputs[start:end]))
        names = samples.sample_ids[start:end]
        items = [item_scores.item(model, name, score) for name, score in zip(names, scores, strict=True)]
        yield start + len(items), items


class Files:
    """The three files of the predictions, which have the same lines."""

    def __init__(self, folder: Path, model: TrainedModel) -> None:
        self._classes, self._binary = model.classes, model.binary
        self._csv = (folder / CSV).open("w", newline="", encoding="utf-8")
        self._lines = (folder / LINES).open("wb")
        self._schema = pa.schema(
            [
                ("name", pa.string()),
                ("predicted", pa.string()),
                *((name, pa.float64()) for name in self._numbers()),
                ("problem", pa.string()),
            ]
        )
        self._parquet = pq.ParquetWriter(folder / PARQUET, self._schema)
        self._csv.write(csv_rows([self._schema.names]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _: TracebackType | None
    ) -> None:
        for file in (self._csv, self._lines, self._parquet):
            file.close()

    def write(self, items: Sequence[Item]) -> None:
        """Write a line for each item. Raises OSError."""
        if not items:
            return
        rows = [self._row(item) for item in items]
        self._csv.write(csv_rows(rows))
        self._lines.write(b"".join(msgspec.json.encode(item) + b"\n" for item in items))
        columns = [
            pa.array(column, kind.type) for column, kind in zip(zip(*rows, strict=True), self._schema, strict=True)
        ]
        self._parquet.write_table(pa.Table.from_arrays(columns, schema=self._schema))

    def _numbers(self) -> list[str]:
        """Return the names of the columns of numbers: of two classes those of the positive one."""
        kinds = ("logit", "score", "probability")
        if self._binary:
            return list(kinds)
        return [f"{kind}_{name}" for kind in kinds[:2] for name in self._classes]

    def _row(self, item: Item) -> list[str | float | None]:
        if self._binary:
            numbers: list[float | None] = [item.logit, item.score, item.probability]
        else:
            numbers = [(found or {}).get(name) for found in (item.logits, item.scores) for name in self._classes]
        return [item.name, item.predicted, *numbers, item.problem]


class Summary:
    """Counts of what was predicted, which are the result of the job."""

    def __init__(self, model: TrainedModel) -> None:
        self._classes, self._binary = model.classes, model.binary
        self._predicted = Counter[str]()
        self._scores = self._probabilities = 0.0
        self._failed = 0
        self._recalibrated = model.source.recalibration is not None and model.binary

    def count(self, items: Sequence[Item]) -> None:
        """Count these items."""
        for item in items:
            if item.predicted is None:
                self._failed += 1
            else:
                self._predicted[item.predicted] += 1
                self._scores += item.score or 0.0
                self._probabilities += item.probability or 0.0

    def described(self, samples: ForeignSamples) -> dict[str, Any]:
        """Return the result: how many samples there are, and of two classes their mean score and probability."""
        predicted = self._predicted.total()
        means = self._binary and predicted > 0
        return {
            "data": samples.name,
            "samples": len(samples.sample_ids) + len(samples.problems),
            "predicted": {name: self._predicted[name] for name in self._classes},
            "not_predicted": self._failed + len(samples.problems),
            "mean_score": self._scores / predicted if means else None,
            "mean_probability": self._probabilities / predicted if means and self._recalibrated else None,
            "problems": dict(islice(samples.problems.items(), SHOWN_PROBLEMS)),
            "notes": list(samples.notes),
        }
