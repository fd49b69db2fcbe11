"""Predictions with checksums: damage is told, and never read as other numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from experiments.training.recipes import evaluation
from experiments.training.recipes.evaluation import Predictions
from runs.evaluation import class_scores
from runs.files import predictions_file
from runs.models import Run
from runs.statistics.predictions import scores_from_logits
from tests.experiments.training.trainings import SmallData
from tests.runs.conftest import MakeRun

pytestmark = pytest.mark.django_db
SAMPLES = 60


@pytest.fixture
def run(make_run: MakeRun) -> Run:
    run = make_run(status="completed")
    run.folder.mkdir(parents=True, exist_ok=True)
    return run


def written(run: Run) -> tuple[Path, Any]:
    """Write predictions as a training does, and return their scores."""
    data = SmallData()
    logits = np.random.default_rng(1).normal(size=SAMPLES)
    positions = np.arange(SAMPLES) % len(data.sample_ids)
    labels = positions % 2
    scores = scores_from_logits(logits)
    path = run.folder / predictions_file.NAME
    evaluation.write_predictions(path, [Predictions("test", 0.5, logits, scores, labels, positions)], data)
    return path, scores


def read_scores(run: Run) -> Any:
    with predictions_file.opened(run) as found:
        return found.read(columns=["score"])["score"].to_numpy()


def damage(path: Path, column: str) -> None:
    """Change one bit among the values of a column, which no format notices."""
    found = pq.ParquetFile(path).metadata.row_group(0)
    parts = [found.column(number) for number in range(found.num_columns)]
    part = next(part for part in parts if part.path_in_schema == column)
    content = bytearray(path.read_bytes())
    start = part.dictionary_page_offset or part.data_page_offset
    content[start + part.total_compressed_size // 2] ^= 0x10
    path.write_bytes(content)


def test_predictions_are_read_as_they_were_written(run: Run) -> None:
    _, scores = written(run)
    assert read_scores(run).tolist() == scores.tolist()


def test_a_changed_bit_is_told(run: Run) -> None:
    path, _ = written(run)
    damage(path, "score")
    with pytest.raises(predictions_file.UnreadablePredictions):
        read_scores(run)
    with pytest.raises(class_scores.NoScores, match="cannot be read"):
        class_scores.read.__wrapped__(run.pk, 1, "test", 1, tuple(SmallData().class_names))


def test_without_checksums_as_older_versions_wrote_them(run: Run) -> None:
    values = np.random.default_rng(2).random(SAMPLES)
    pq.write_table(pa.table({"score": values}), run.folder / predictions_file.NAME)
    assert read_scores(run).tolist() == values.tolist()


def test_reading_piece_by_piece_takes_bounded_memory(run: Run) -> None:
    columns = {f"score_{number}": np.random.default_rng(number).random(400_000) for number in range(8)}
    path = run.folder / predictions_file.NAME
    pq.write_table(pa.table(columns), path, row_group_size=20_000)
    before, most = pa.total_allocated_bytes(), 0
    with predictions_file.opened(run) as found:
        for _ in found.iter_batches(2_000):
            most = max(most, pa.total_allocated_bytes() - before)
    assert path.stat().st_size > 25_000_000
    assert most < 10_000_000
