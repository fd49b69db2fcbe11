"""Samples that a run read are found again and explained, wherever their images lie and whatever network it has."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from experiments.training.contract.networks import network_catalogue
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.serving import explained_scores
from experiments.training.prediction.serving.messages import Explained, ExplainSample, StoredData
from tests.experiments.training import digits
from tests.experiments.training.datasets import with_class_folders, with_npz, zipped
from tests.experiments.training.models.test_own_models import PATHS, example
from tests.experiments.training.prediction.trained import Trained, trained


@pytest.fixture
def _own_networks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Make the networks of the own-network guide importable, of which nothing is known afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(network_catalogue, "_added", {})
    monkeypatch.syspath_prepend(str(folder))
    example(folder)
    network_catalogue.install(PATHS)
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "wards"]:
        del sys.modules[name]


def asked(run: Trained, place: int, label: int = 1) -> ExplainSample:
    row = run.table.slice(place, 1).to_pylist()[0]
    data = StoredData(
        source_path=str(run.job.config["source_path"]), roots=run.job.data_roots, datasets_dir=run.job.datasets_dir
    )
    return ExplainSample(data=data, id=row["sample_id"], file=row.get("file"), size=row.get("file_bytes"), label=label)


def assert_found(run: Trained, places: list[int]) -> list[Explained]:
    """Compare the logits of these samples, read again one by one, with those that the run stored."""
    model, stored = run.model, run.logits(run.evaluated)
    found = [explained_scores.of_sample(model, asked(run, place)) for place in places]
    assert [one.logit for one in found] == pytest.approx(stored[places].tolist(), abs=1e-5)
    return found


@pytest.mark.usefixtures("_own_networks")
def test_an_image_of_an_array_by_a_whole_module_of_a_team(tmp_path: Path) -> None:
    path = with_npz(tmp_path / "data.npz")
    model = {"name": "logistic", "positive_class": "1"}
    run = trained(path, tmp_path / "home", data={"image_size": 8}, model=model, networks=tuple(PATHS))
    places = [0, len(run.evaluated) // 2, len(run.evaluated) - 1]  # of both splits
    found = assert_found(run, places)
    assert {one.image.method for one in found if one.image} == {"occlusion"}
    [image, *_] = [one.image for one in found]
    assert image is not None
    assert np.array(image.grid).shape == (8, 8)
    gone = asked(run, 0)
    for id_ in ("val/99", "train", "test/x"):
        other = ExplainSample(data=gone.data, id=id_, file=None, size=None, label=None)
        with pytest.raises(ModelError, match="no longer there"):
            explained_scores.of_sample(run.model, other)


def test_an_image_of_an_archive(tmp_path: Path) -> None:
    folder = with_class_folders(tmp_path / "lungs", {"healthy": 12, "ill": 12})
    run = trained(zipped(folder), tmp_path / "home", data={"image_size": 16}, model={"positive_class": "ill"})
    [found] = assert_found(run, [3])
    assert found.image is not None
    assert (found.image.method, found.image.layer) == ("grad_cam", "block2")
    negative = explained_scores.of_sample(run.model, asked(run, 3, label=0))
    assert negative.logit == -found.logit
    other = ExplainSample(data=asked(run, 3).data, id="x", file="ill/999.png", size=None, label=None)
    with pytest.raises(ModelError, match="no longer there"):
        explained_scores.of_sample(run.model, other)
    larger = asked(run, 3)
    resized = ExplainSample(data=larger.data, id=larger.id, file=larger.file, size=1, label=None)
    with pytest.raises(ModelError, match="another size"):
        explained_scores.of_sample(run.model, resized)


def test_a_built_in_image(tmp_path: Path) -> None:
    digits.lend(tmp_path / "home" / "datasets")
    run = trained(digits.SOURCE, tmp_path / "home", data={"batch_size": 512}, model={"name": "mlp"})
    [found] = assert_found(run, [7])
    assert found.image is not None
    assert (found.image.method, found.image.rows) == ("occlusion", 14)
