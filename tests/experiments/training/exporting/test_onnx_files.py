"""A model file gives the run's own numbers and decisions, also to somebody who has the file alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from experiments.model_files import package
from experiments.training.prediction.inputs import read_images
from experiments.training.prediction.trained_model import load
from runs.statistics.recalibration.applying import recalibrated_scores
from runs.statistics.recalibration.methods import Method
from tests.experiments.training.exporting import own_environment
from tests.experiments.training.exporting.exported import (
    FACTS,
    PLATT,
    Exported,
    export,
    outputs,
    source_with,
    train_pictures,
    train_rows,
    train_shades,
    with_point,
    youden,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def images(home: Path) -> Exported:
    run = train_pictures(home / "images")
    return export(with_point(run, youden(run)), home / "images.onnx")


@pytest.fixture(scope="module")
def rows(home: Path) -> Exported:
    return export(train_rows(home / "rows"), home / "rows.onnx")


@pytest.fixture(scope="module")
def shades(home: Path) -> Exported:
    return export(train_shades(home / "shades"), home / "shades.onnx")


@pytest.fixture(scope="module")
def python(home: Path) -> Path:
    return own_environment.make(home / "environment")


def lines(python: Path, script: str, *arguments: object) -> list[dict[str, Any]]:
    folder = Path(str(arguments[0])).parent
    path = folder / "predict.py"
    path.write_text(package.script_of(script))
    return [json.loads(line) for line in own_environment.run(python, path, *arguments).stdout.splitlines()]


def stored(exported: Exported, name: str) -> NDArray[Any]:
    found: NDArray[Any] = exported.run.table[name].to_numpy()
    return found


def test_the_script_gives_the_numbers_of_a_run_on_images_in_an_environment_of_its_own(
    images: Exported, python: Path
) -> None:
    data = Path(str(images.run.job.config["source_path"]))
    names = images.run.table["file"].to_pylist()
    found = lines(python, "image", images.path, *(data / name for name in names))
    assert len(found) == len(names) >= 16
    assert {Path(name).suffix for name in names} == {".png", ".jpg"}
    score = np.array([line["score"] for line in found])
    assert np.abs(score - stored(images, "score")).max() < 1e-5
    assert np.ptp(score) > 1e-3
    point = images.run.source.saved_point
    assert point is not None
    said = stored(images, "score") >= point["threshold"]
    assert 0 < said.sum() < len(said)
    assert [line["predicted"] for line in found] == [("healthy", "tumour")[one] for one in said.astype(int)]
    expected = recalibrated_scores(
        stored(images, "logit").astype(np.float64), Method(name="platt", formula="", parameters=dict(PLATT))
    )
    assert np.abs([line["probability"] for line in found] - expected).max() < 1e-5


def test_the_script_gives_the_numbers_of_a_run_on_rows(rows: Exported, python: Path) -> None:
    found = lines(python, "table", rows.path, rows.run.job.config["source_path"])
    assert len(found) == 90
    evaluated = [int(id_.removeprefix("s")) for id_ in rows.run.evaluated]
    assert len(evaluated) >= 30
    score = np.array([found[at]["score"] for at in evaluated])
    assert np.abs(score - stored(rows, "score")).max() < 1e-5
    assert [found[at]["label"] for at in evaluated] == (stored(rows, "score") >= 0.5).astype(int).tolist()


def test_the_script_says_what_it_does_not_read(images: Exported, rows: Exported, python: Path, tmp_path: Path) -> None:
    path = tmp_path / "predict.py"
    path.write_text(package.script_of("image"))
    Image.fromarray(np.full((9, 9), 4000, np.uint16)).save(tmp_path / "deep.png")
    refused = own_environment.run(python, path, images.path, tmp_path / "deep.png", check=False)
    assert refused.returncode == 1
    assert "deep.png has more than 8 bits: see `preprocessing`" in refused.stderr
    path.write_text(package.script_of("table"))
    (tmp_path / "few.csv").write_text("age,sex\n1,f\n")
    refused = own_environment.run(python, path, rows.path, tmp_path / "few.csv", check=False)
    assert "lacks the columns ['=score', 'grade']" in refused.stderr
    assert "usage" not in own_environment.run(python, path, check=False).stderr.lower()


def test_three_classes_have_a_score_each(shades: Exported) -> None:
    data = Path(str(shades.run.job.config["source_path"]))
    names = shades.run.table["file"].to_pylist()
    read = read_images(load(shades.run.source), [(name, data / name) for name in names])
    given = np.stack([one.value.numpy() for one in read if one.value is not None])
    found = outputs(shades, given)
    assert set(found) == {"logits", "scores", "label"}
    scores = np.column_stack([stored(shades, f"score_{name}") for name in shades.run.source.classes])
    assert np.abs(found["scores"] - scores).max() < 1e-5
    assert found["label"].tolist() == scores.argmax(axis=1).tolist()
    assert shades.metadata["decision"]["by"] == "highest"


def test_one_file_holds_all_and_says_what_it_is(images: Exported) -> None:
    assert {path.name for path in images.path.parent.iterdir()} >= {"images.onnx"}
    assert not [path for path in images.path.parent.iterdir() if path.suffix == ".data"]
    found, source = images.metadata, images.run.source
    assert (found["format_version"], found["product"], found["product_version"]) == ("1", "Livetrain", "1.2.3")
    assert (found["run_id"], found["attempt"], found["run_name"]) == ("7", "1", "a test")
    assert (found["classes"], found["positive_class"]) == (["healthy", "tumour"], "tumour")
    assert found["data"] == {"name": "pictures", "sha256": "ab" * 32}
    assert (found["licence"], found["checkpoint_sha256"]) == ("CC BY 4.0", source.sha256)
    assert found["metrics"] == FACTS.metrics
    assert found["recalibration"]["slope"] == PLATT["slope"]
    assert "model_card" not in found
    how = found["preprocessing"]
    assert (how["size"], how["channels"], how["mode"], how["in_the_graph"]) == (16, 1, "L", "x / 127.5 - 1")
    assert list(found["outputs"]) == ["logit", "score", "probability", "label"]


def test_the_threshold_that_the_file_states_decides_alike_in_single_precision(images: Exported) -> None:
    threshold = images.metadata["decision"]["threshold"]
    scores = stored(images, "score")
    assert threshold not in scores
    assert np.array_equal(scores.astype(np.float32) >= np.float32(threshold), scores >= threshold)
    val = np.sort(scores[np.array(images.run.table["split"].to_pylist()) == "val"])
    below, above = val[val < threshold].max(), val[val >= threshold].min()
    assert threshold == pytest.approx((below + above) / 2, abs=1e-7)
    assert "midway" in images.metadata["decision"]["words"]


def test_nothing_in_the_file_tells_where_it_was_made(images: Exported, rows: Exported) -> None:
    for exported in (images, rows):
        content = exported.path.read_bytes()
        assert b"site-packages" not in content
        assert str(Path(__file__).parents[4]).encode() not in content
        assert str(exported.path.parent).encode() not in content


def test_files_are_compared_with_the_network(images: Exported, rows: Exported, shades: Exported) -> None:
    for exported in (images, rows, shades):
        assert exported.verified.samples == 12
        assert exported.verified.deviation < 1e-5


def test_batches_of_any_size_give_the_same(images: Exported) -> None:
    given = np.random.default_rng(1).integers(0, 256, (5, 1, 16, 16), dtype=np.uint8)
    together = outputs(images, given)["score"]
    alone = [outputs(images, given[at : at + 1])["score"][0] for at in range(5)]
    assert np.abs(together - alone).max() < 1e-6


@pytest.mark.parametrize("kind", ["images", "shades"])
def test_predictions_may_be_computed_by_the_file(kind: str, request: pytest.FixtureRequest) -> None:
    exported: Exported = request.getfixturevalue(kind)
    model = load(source_with(exported.run.source, onnx_file=str(exported.path)))
    pixels = np.random.default_rng(3).integers(0, 256, (37, *model.input_shape)).astype(np.uint8)
    by_torch = model.logits(torch.from_numpy(pixels))
    model.prefer_onnx()
    del model.module  # so that nothing else can answer
    found = model.logits(torch.from_numpy(pixels))
    assert (found.shape, found.dtype) == (by_torch.shape, by_torch.dtype)
    np.testing.assert_allclose(found, by_torch, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(model.logits(torch.from_numpy(pixels[:1])), found[:1], rtol=1e-5, atol=1e-5)
    assert len(model.logits(torch.from_numpy(pixels[:0]))) == 0


def _damaged(exported: Exported, _other: Exported, folder: Path) -> Path:
    (folder / "damaged.onnx").write_bytes(exported.path.read_bytes()[:-2000])
    return folder / "damaged.onnx"


@pytest.mark.parametrize(
    "of",
    [
        lambda _exported, other, _folder: other.path,
        lambda _exported, _other, folder: folder / "removed.onnx",
        _damaged,
    ],
    ids=["other weights", "removed", "damaged"],
)
def test_a_file_that_is_not_the_models_own_computes_nothing(
    images: Exported, shades: Exported, tmp_path: Path, of: Callable[[Exported, Exported, Path], Path]
) -> None:
    model = load(source_with(images.run.source, onnx_file=str(of(images, shades, tmp_path))))
    pixels = torch.zeros((2, *model.input_shape), dtype=torch.uint8)
    by_torch = model.logits(pixels)
    model.prefer_onnx()
    np.testing.assert_array_equal(model.logits(pixels), by_torch)
    del model.module
    with pytest.raises(AttributeError):  # PyTorch is asked
        model.logits(pixels)


def test_a_file_that_computes_otherwise_is_not_used(images: Exported, caplog: pytest.LogCaptureFixture) -> None:
    model = load(source_with(images.run.source, onnx_file=str(images.path)))
    with torch.no_grad():
        next(model.module.parameters()).mul_(1.5)
    model.prefer_onnx()
    assert "computes otherwise than PyTorch" in caplog.text
    pixels = torch.full((1, *model.input_shape), 200, dtype=torch.uint8)
    assert not np.allclose(model.logits(pixels), outputs(images, pixels.numpy())["logit"], atol=1e-5)


def test_rows_are_computed_by_pytorch(rows: Exported) -> None:
    model = load(source_with(rows.run.source, onnx_file=str(rows.path)))
    model.prefer_onnx()
    features = torch.zeros((1, *model.input_shape))
    assert np.isfinite(model.logits(features)).all()
