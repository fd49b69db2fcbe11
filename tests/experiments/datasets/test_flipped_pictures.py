"""GET /api/runs/differences/samples/pictures/: pictures of the samples on which only one of two runs is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments.models import Dataset
from runs.comparison import flipped_samples
from runs.models import FinalResult, Run
from tests.experiments.datasets.requests import answer
from tests.experiments.datasets.test_samples import checked, image_of
from tests.experiments.training.datasets import with_class_folders

pytestmark = pytest.mark.django_db
IDS = ["tulip/000.png", "rose/001.png", "tulip/002.png", "gone.png"]


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    flipped_samples._flipped.cache_clear()


def evaluated(user: User, source: str, version: str | None, scores: list[float]) -> Run:
    """Make a run with these scores of four samples, all negative."""
    run = Run.objects.create(
        owner=user,
        experiment_name="r",
        source_path=source,
        dataset_hash=version,
        config={},
        seed=1,
        max_epochs=1,
        status="completed",
    )
    matrix = {"class_names": ["a", "b"], "confusion_matrix": [[2, 2], [0, 0]], "statistics": {}}
    FinalResult.objects.create(run=run, split="test", epoch=0, **matrix)
    run.folder.mkdir(parents=True, exist_ok=True)
    columns = {"split": ["test"] * 4, "sample_id": IDS, "patient_id": pa.array([None] * 4, pa.string())}
    pq.write_table(pa.table(columns | {"label": [0] * 4, "score": scores}), run.folder / "predictions.parquet")
    return run


def asked(api: Client, reference: Run, run: Run, right: str = "run") -> Any:
    query: dict[str, Any] = {"reference": reference.pk, "run": run.pk, "right": right}
    return answer(api.get("/api/runs/differences/samples/pictures/", query), 200)


def test_samples_of_a_registered_data_set_unless_it_is_another_now(api: Client, user: User, root: Path) -> None:
    name = checked(api, with_class_folders(root / "flowers", {"rose": 3, "tulip": 4}))
    version = Dataset.objects.get(name=name).content_hash
    one, other = (
        evaluated(user, f"dataset:{name}", version, scores) for scores in ([0.9, 0.8, 0.1, 0.9], [0.1, 0.1, 0.2, 0.1])
    )
    found = asked(api, one, other)
    assert (set(found["images"]), found["problem"]) == ({"tulip/000.png", "rose/001.png"}, None)
    assert image_of(api, found["images"]["rose/001.png"]).width > 0
    assert asked(api, one, other, "reference") == {"images": {}, "problem": None}
    Dataset.objects.filter(name=name).update(content_hash="b" * 64)
    told = asked(api, one, other)
    assert told["images"] == {}
    assert "as they were when the run was submitted" in told["problem"]


def test_data_that_nobody_registered_have_none(api: Client, user: User) -> None:
    one, other = (evaluated(user, "/data/x", None, [score] * 4) for score in (0.9, 0.1))
    assert "Pictures are shown of" in asked(api, one, other)["problem"]
    FinalResult.objects.filter(run=other).delete()
    query = {"reference": one.pk, "run": other.pk}
    assert api.get("/api/runs/differences/samples/pictures/", query).status_code == 404
