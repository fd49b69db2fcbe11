"""GET /api/runs/<id>/final-samples/pictures/: from a cell of the matrix to the pictures, by real processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments.models import Dataset
from runs.evaluation import class_scores
from runs.models import FinalResult, Run
from tests.experiments.datasets.requests import answer, check_all
from tests.experiments.datasets.test_samples import checked, image_of
from tests.experiments.training.datasets import with_class_folders

pytestmark = pytest.mark.django_db
IDS = ["tulip/000.png", "rose/001.png", "tulip/002.png", "gone.png"]


@pytest.fixture(autouse=True)
def _forgotten() -> None:
    class_scores.read.cache_clear()


def evaluated(user: User, source: str, version: str | None, ids: list[str] = IDS) -> Run:
    """Make a run whose samples are all false positives but the last, which is a true negative."""
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
    FinalResult.objects.create(
        run=run,
        split="test",
        epoch=0,
        threshold=0.5,
        class_names=["a", "b"],
        confusion_matrix=[[1, 3], [0, 0]],
        statistics={},
    )
    run.folder.mkdir(parents=True, exist_ok=True)
    columns = {"split": ["test"] * 4, "sample_id": ids, "patient_id": pa.array([None] * 4, pa.string())}
    columns |= {"label": [0] * 4, "score": [0.7, 0.9, 0.8, 0.1]}
    pq.write_table(pa.table(columns), run.folder / "predictions.parquet")
    return run


def asked(api: Client, run: Run, cell: str = "fp") -> Any:
    return answer(api.get(f"/api/runs/{run.pk}/final-samples/pictures/", {"cell": cell}), 200)


def test_samples_of_a_registered_data_set(api: Client, user: User, root: Path) -> None:
    name = checked(api, with_class_folders(root / "flowers", {"rose": 3, "tulip": 4}))
    version = Dataset.objects.get(name=name).content_hash
    run = evaluated(user, f"dataset:{name}", version)
    found = asked(api, run)
    assert (set(found["images"]), found["problem"]) == ({"tulip/000.png", "rose/001.png", "tulip/002.png"}, None)
    listed = answer(api.get(f"/api/datasets/{name}/samples/"), 200)["results"]
    for one in listed:
        if one["id"] in found["images"]:
            drawn, same = (np.asarray(image_of(api, place)) for place in (found["images"][one["id"]], one["image"]))
            assert drawn.tolist() == same.tolist()
    assert asked(api, run, "tn") == {"images": {}, "problem": None}  # the data set has no such file
    assert asked(api, run, "fn") == {"images": {}, "problem": None}


def test_other_data_than_the_run_had_are_not_shown(api: Client, user: User, root: Path) -> None:
    name = checked(api, with_class_folders(root / "flowers", {"rose": 3, "tulip": 4}))
    run = evaluated(user, f"dataset:{name}", Dataset.objects.get(name=name).content_hash)
    (root / "flowers" / "rose" / "000.png").write_bytes((root / "flowers" / "tulip" / "003.png").read_bytes())
    answer(api.post(f"/api/datasets/{name}/check/"), 202)
    check_all()
    found = asked(api, run)
    assert found["images"] == {}
    assert "when the run was submitted" in found["problem"]
    assert "when the run was submitted" in asked(api, evaluated(user, str(root / "flowers"), None))["problem"]


def test_a_built_in_data_set(api: Client, user: User) -> None:
    address = "/api/datasets/builtin:digits-is-8/samples/"
    ids = [one["id"] for one in answer(api.get(address), 200)["results"][:3]]
    found = asked(api, evaluated(user, "builtin:digits-is-8", None, [*ids, "x"]))
    assert set(found["images"]) == set(ids)
    assert image_of(api, found["images"][ids[0]]).size == (8, 8)


def test_without_predictions_there_is_nothing_to_show(api: Client, client: Client, user: User) -> None:
    run = evaluated(user, "builtin:digits-is-8", None)
    address = f"/api/runs/{run.pk}/final-samples/pictures/"
    (run.folder / "predictions.parquet").unlink()
    assert asked(api, run) == {"images": {}, "problem": class_scores.GONE}
    assert api.get(address).status_code == 400
    assert client.get(address, {"cell": "fp"}).status_code == 401
