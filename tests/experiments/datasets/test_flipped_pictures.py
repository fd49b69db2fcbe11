"""GET /api/runs/differences/samples/pictures/: pictures of the samples on which only one of two runs is right."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.contrib.auth.models import User
from django.test import Client

from experiments.models import Dataset
from experiments.training.contract.inference import IMAGES_METADATA
from experiments.training.data.image_files import Rendering
from runs.comparison import flipped_samples
from runs.evaluation import error_pictures
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
    assert asked(api, one, other, "reference") == {
        "images": {},
        "large": {},
        "problems": {},
        "problem": None,
    }
    Dataset.objects.filter(name=name).update(content_hash="b" * 64)
    told = asked(api, one, other)
    assert told["images"] == {}
    assert "has changed since the run was submitted" in told["problem"]


def with_files(run: Run, source: Path) -> None:
    """Note the files as trainings do today, read just now."""
    path = run.folder / "predictions.parquet"
    table = pq.read_table(path).append_column("file", pa.array(IDS))
    sizes = [(source / name).stat().st_size if (source / name).is_file() else 1 for name in IDS]
    how = msgspec.json.encode(Rendering(channels=1, read_at=time.time_ns()))
    table = table.append_column("file_bytes", pa.array(sizes)).replace_schema_metadata({IMAGES_METADATA: how})
    pq.write_table(table, path)


@pytest.mark.parametrize("noted", ["both", "reference", "run"])
def test_files_of_a_path(api: Client, user: User, root: Path, noted: str) -> None:
    """One of the runs may be of a version that did not note its files."""
    source = with_class_folders(root / "flowers", {"rose": 3, "tulip": 4})
    one, other = (evaluated(user, str(source), None, [score] * 4) for score in (0.9, 0.1))
    for run in {"both": (one, other), "reference": (one,), "run": (other,)}[noted]:
        with_files(run, source)
    found = asked(api, one, other)
    assert (set(found["images"]), found["problem"]) == (set(IDS[:3]), None)
    assert {name: np.asarray(image_of(api, address)).max() for name, address in found["images"].items()} == {
        "tulip/000.png": 100,
        "rose/001.png": 1,
        "tulip/002.png": 102,
    }
    assert found["problems"] == {"gone.png": "it is no longer there"}
    readable = other if noted == "run" else one
    assert found["large"] == {
        name: f"/api/runs/{readable.pk}/final-samples/{place}/picture/?split=test&size=large&attempt={readable.attempt}"
        for place, name in enumerate(IDS[:3])
    }
    assert np.asarray(image_of(api, found["large"]["rose/001.png"])).max() == 1


@pytest.mark.parametrize("keeper", [0, 1])
def test_pictures_that_one_of_the_runs_keeps(api: Client, user: User, root: Path, keeper: int) -> None:
    pair = [evaluated(user, str(root / "moved"), None, [score] * 4) for score in (0.9, 0.1)]
    with zipfile.ZipFile(pair[keeper].folder / error_pictures.NAME, "w") as archive:
        archive.writestr("test/1.png", error_pictures.PNG + b"rose")
    found = asked(api, pair[0], pair[1])
    assert set(found["images"]) == set(found["large"]) == {"rose/001.png"}
    assert found["large"]["rose/001.png"].startswith(f"/api/runs/{pair[keeper].pk}/final-samples/1/picture/")
    assert "not where they were" in found["problem"]


def test_a_place_is_one_of_the_split(api: Client, user: User, root: Path) -> None:
    source = with_class_folders(root / "flowers", {"rose": 3, "tulip": 4})
    one, other = (evaluated(user, str(source), None, [score] * 4) for score in (0.9, 0.1))
    for run in (one, other):
        with_files(run, source)
        path = run.folder / "predictions.parquet"
        table = pq.read_table(path)
        earlier = table.set_column(0, "split", pa.array(["val"] * 4))
        earlier = earlier.set_column(1, "sample_id", pa.array([f"other {name}" for name in IDS]))
        pq.write_table(pa.concat_tables([earlier, table]), path)
    found = asked(api, one, other)
    assert np.asarray(image_of(api, found["images"]["rose/001.png"])).max() == 1


def test_data_that_are_gone_have_none(api: Client, user: User) -> None:
    one, other = (evaluated(user, "/data/x", None, [score] * 4) for score in (0.9, 0.1))
    assert "not where they were" in asked(api, one, other)["problem"]
    FinalResult.objects.filter(run=other).delete()
    query = {"reference": one.pk, "run": other.pk}
    assert api.get("/api/runs/differences/samples/pictures/", query).status_code == 404
