"""From a run to its model: what it takes is put together, and what is in the way is said with the cure."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import numpy as np
import pyarrow.parquet as pq
import pytest

from experiments.trained_models.sources import source_of
from experiments.training.prediction.datasets import read_dataset
from experiments.training.prediction.trained_model import load
from runs.errors import Conflict
from runs.models import Run
from runs.saved_points import point_history
from runs.saved_points.point_history import Decision
from tests.experiments.trained_models.conftest import MakeTrainedRun
from tests.experiments.training.prediction.trained import Trained

pytestmark = pytest.mark.django_db


def test_the_model_of_a_run_gives_its_stored_predictions(of_pictures: Trained, trained_run: MakeTrainedRun) -> None:
    run = trained_run(of_pictures)
    source = source_of(run)
    assert source.sha256 == of_pictures.source.sha256
    assert (source.classes, source.positive, source.own_threshold) == (["healthy", "pneumonia"], "pneumonia", 0.5)
    model = load(source)
    found = read_dataset(model, of_pictures.job, labels=True)
    rows = {id_: row for row, id_ in enumerate(found.sample_ids)}
    logits = model.logits(found.inputs)[[rows[id_] for id_ in of_pictures.evaluated]]
    np.testing.assert_allclose(logits, of_pictures.logits(of_pictures.evaluated), rtol=0, atol=1e-5)


def test_a_saved_point_decides_as_the_run_stored_it(of_pictures: Trained, trained_run: MakeTrainedRun) -> None:
    run = trained_run(of_pictures)
    scores = of_pictures.table["score"].to_numpy()
    threshold = float(np.sort(scores)[len(scores) // 2])  # the score of a sample
    own = source_of(run)
    point_history.save(run, "ada", "Few beds.", Decision("hand", threshold, threshold, None, test_known=False))
    saved = source_of(run)
    assert (own.threshold, saved.threshold) == (0.5, threshold)
    model = load(saved)
    found = model.scored(of_pictures.logits(of_pictures.evaluated))
    assert [one.predicted == "pneumonia" for one in found] == (scores >= threshold).tolist()
    assert {one.decided_by for one in found} == {"saved_point"}
    point_history.withdraw(run, "ada", "More beds.")
    assert source_of(run).threshold == 0.5


def test_the_model_of_a_table_needs_no_predictions(of_rows: Trained, trained_run: MakeTrainedRun) -> None:
    run = trained_run(of_rows)
    (run.folder / "predictions.parquet").unlink()
    assert load(source_of(run)).kind == "table"


def without_rendering(run: Run) -> None:
    path = run.folder / "predictions.parquet"
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)


def without_network(run: Run) -> None:
    path = run.folder / "inference.json"
    path.write_text(json.dumps({name: {} for name in json.loads(path.read_text())}))


@pytest.mark.parametrize(
    ("spoil", "columns", "words"),
    [
        (lambda _: None, {"status": "in_progress"}, "has not ended: its best model is not known yet. Wait for its end"),
        (lambda _: None, {"best_checkpoint": ""}, "has no checkpoint.*Train it again"),
        (lambda run: (run.folder / run.best_checkpoint).unlink(), {}, "no longer has checkpoints/.*restore it"),
        (lambda run: (run.folder / "inference.json").unlink(), {}, "has no inference.json.*older version"),
        (without_network, {}, "has no inference.json.*older version"),
        (lambda run: (run.folder / "predictions.parquet").unlink(), {}, "has no predictions.*evaluation did not end"),
        (lambda run: (run.folder / "predictions.parquet").write_bytes(b"?"), {}, "predictions of run .* are damaged"),
        (without_rendering, {}, "did not note how its images were read: it was trained by an older version"),
    ],
)
def test_what_is_in_the_way_is_said(
    of_pictures: Trained,
    trained_run: MakeTrainedRun,
    spoil: Callable[[Run], object],
    columns: dict[str, str],
    words: str,
) -> None:
    run = trained_run(of_pictures, **columns)
    spoil(run)
    with pytest.raises(Conflict, match=words):
        source_of(run)


def test_a_checkpoint_that_was_changed_is_refused(of_pictures: Trained, trained_run: MakeTrainedRun) -> None:
    run = trained_run(of_pictures)
    assert source_of(run).sha256 == of_pictures.source.sha256
    path = run.folder / run.best_checkpoint
    status = path.stat()
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(Conflict, match="is not the one that its results are of: the file was changed since"):
        source_of(run)
