"""A loaded model gives what the run itself stored, on every kind of input."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from experiments.training.contract.networks import network_catalogue
from experiments.training.prediction.datasets import read_dataset
from experiments.training.prediction.inputs import read_images, read_rows
from tests.experiments.training import digits, scans
from tests.experiments.training.models.test_own_models import PATHS, example
from tests.experiments.training.prediction.trained import Trained, trained

CLOSE = 1e-5
SIDE = 12
PAIR = ("healthy", "pneumonia")


def picture(number: int, *, deep: bool = False, colour: bool = True) -> NDArray[Any]:
    """Draw noise, brighter where the number is odd; of 16 bits, of which 12 are used."""
    random = np.random.default_rng(number)
    shape = (SIDE, SIDE + 3, 3) if colour else (SIDE, SIDE + 3)
    values = random.integers(0, 200, shape) + 50 * (number % 2)
    return (values * 16).astype(np.uint16) if deep else values.astype(np.uint8)


def by_file(run: Trained, folder: Path) -> NDArray[np.float64]:
    """Predict the evaluated files one by one, in the order of the stored predictions."""
    names = run.table["file"].to_pylist()
    read = read_images(run.model, [(name, folder / name) for name in names])
    assert [one.problem for one in read] == [None] * len(names)
    return run.model.logits(torch.stack([one.value for one in read if one.value is not None]))


def assert_equal_to_stored(run: Trained, *, alone: NDArray[np.float64] | None = None) -> None:
    """Compare the whole data set with and without labels, and inputs that were read alone, with the stored numbers."""
    model, stored = run.model, run.logits(run.evaluated)
    for labels in (True, False):
        found = read_dataset(model, run.job, labels=labels)
        names = found.image_files.names if found.image_files and not labels else found.sample_ids
        column = "file" if found.image_files and not labels and names[0] else "sample_id"
        rows = {str(name): row for row, name in enumerate(names if column == "file" else found.sample_ids)}
        wanted = [rows[name] for name in run.table[column].to_pylist()]
        np.testing.assert_allclose(model.logits(found.inputs)[wanted], stored, rtol=0, atol=CLOSE)
        if labels:
            assert found.labels is not None
            assert [found.labels[row] for row in wanted] == run.table["label"].to_pylist()
    if alone is not None:
        np.testing.assert_allclose(alone, stored, rtol=0, atol=CLOSE)
    scores = [list(score.scores.values()) for score in model.scored(stored)]
    expected = np.column_stack([run.table[f"score_{name}"].to_numpy() for name in model.classes])
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)


def saved(folder: Path, number: int) -> None:
    """Save a picture in one of many forms: JPEG, PNG, palette, transparent, turned, grey, 16 bits."""
    folder.mkdir(parents=True, exist_ok=True)
    path, image = folder / f"{number:02d}", Image.fromarray(picture(number))
    match number % 8:
        case 0 | 1:
            image.save(path.with_suffix(".jpg"), quality=90)
        case 2:
            image.convert("P").save(path.with_suffix(".png"))
        case 3:
            image.putalpha(Image.fromarray(picture(number, colour=False)))
            image.save(path.with_suffix(".png"))
        case 4:
            exif = Image.Exif()
            exif[274] = 6
            image.save(path.with_suffix(".jpg"), exif=exif)
        case 5:
            image.convert("L").save(path.with_suffix(".png"))
        case 6:
            Image.fromarray(picture(number, deep=True, colour=False)).save(path.with_suffix(".png"))
        case _:
            image.save(path.with_suffix(".tif"))


def test_pictures_of_all_forms_in_class_folders(tmp_path: Path) -> None:
    for number in range(24):
        saved(tmp_path / "data" / PAIR[number // 3 % 2], number)
    run = trained(tmp_path / "data", tmp_path / "home", data={"image_size": 8, "channels": 3, "test_fraction": 0.2})
    assert_equal_to_stored(run, alone=by_file(run, tmp_path / "data"))


def test_grey_files_of_16_bits_with_averaged_weights_and_many_classes(tmp_path: Path) -> None:
    for number in range(24):
        folder = tmp_path / "data" / ("benign", "malignant", "normal")[number % 3]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(number, deep=True, colour=False)).save(folder / f"{number}.png")
    run = trained(tmp_path / "data", tmp_path / "home", data={"image_size": 8}, trainer={"ema_decay": 0.9})
    assert run.model.inputs.rendering is not None
    assert run.model.inputs.rendering.scale.ranges
    assert_equal_to_stored(run, alone=by_file(run, tmp_path / "data"))


def test_scans_with_a_custom_module(tmp_path: Path, own_networks: Path) -> None:
    for number in range(20):
        kind = PAIR[number % 2]
        values = picture(number, deep=True, colour=False)
        scans.write_scan(tmp_path / "data" / kind / f"{number}.dcm", values, PatientID=f"p{number}", Modality="CR")
    run = trained(
        tmp_path / "data", tmp_path / "home", data={"image_size": 8}, model={"name": "logistic"}, networks=tuple(PATHS)
    )
    assert run.model.inputs.rendering is not None
    assert run.model.inputs.rendering.modalities == ("CR",)
    assert_equal_to_stored(run, alone=by_file(run, tmp_path / "data"))


def test_arrays_with_a_custom_network_and_pretrained_weights(tmp_path: Path, own_networks: Path) -> None:
    random = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for split, count in (("train", 12), ("val", 8), ("test", 8)):
        arrays[f"{split}_images"] = random.integers(0, 256, (count, 20, 20, 3), dtype=np.uint8)
        arrays[f"{split}_labels"] = (np.arange(count) % 2).reshape(-1, 1)
    np.savez(tmp_path / "data.npz", **arrays)
    (tmp_path / "home").mkdir()
    torch.save({"stem.bias": torch.full((4,), 0.25)}, tmp_path / "home" / "weights.pt")
    model = {"name": "pyramid", "options": {"features": 4}, "weights_file": "weights.pt", "positive_class": "1"}
    run = trained(tmp_path / "data.npz", tmp_path / "home", data={"image_size": 16}, model=model, networks=tuple(PATHS))
    (tmp_path / "home" / "weights.pt").unlink()  # which the checkpoint does not need
    assert_equal_to_stored(run)


def test_digits(tmp_path: Path) -> None:
    digits.lend(tmp_path / "home" / "datasets")
    run = trained(digits.SOURCE, tmp_path / "home", data={"batch_size": 256}, model={"name": "mlp"})
    assert_equal_to_stored(run, alone=by_file(run, tmp_path / "home" / "datasets" / "builtin" / "digits-is-8"))


def test_breast_cancer(tmp_path: Path) -> None:
    run = trained("builtin:breast-cancer", tmp_path / "home", data={"batch_size": 256})
    assert_equal_to_stored(run)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables_with_categories_and_missing_cells(tmp_path: Path, kind: str) -> None:
    rows = table_rows()
    write_table(tmp_path / f"data.{kind}", rows)
    run = trained(tmp_path / f"data.{kind}", tmp_path / "home", model={"positive_class": "yes"})
    assert {feature.kind for feature in run.model.inputs.table.features} == {"number", "category"}  # type: ignore[union-attr]
    by_id = {str(row["id"]): row for row in rows}
    turned = [dict(reversed(by_id[id_].items())) for id_ in run.evaluated]
    read = read_rows(run.model, turned)
    assert [one.problem for one in read] == [None] * len(turned)
    alone = run.model.logits(torch.stack([one.value for one in read if one.value is not None]))
    assert_equal_to_stored(run, alone=alone)


def table_rows() -> list[dict[str, object]]:
    """Make rows with numbers, categories, codes with leading zeros, and gaps in all of them."""
    random = np.random.default_rng(1)
    return [
        {
            "id": f"s{number}",
            "age": None if number % 9 == 4 else round(float(random.normal(50, 12)), 3),
            "sex": ("f", "m", None)[number % 3 if number % 7 else 2],
            "code": f"{number % 4:02d}",
            "marker": round(float(random.normal(number % 2, 1)), 4),
            "label": "yes" if number % 2 else "no",
        }
        for number in range(40)
    ]


def write_table(path: Path, rows: list[dict[str, object]]) -> None:
    import pyarrow as pa  # noqa: PLC0415  (as the readers load it: without pandas)
    from pyarrow import csv, parquet  # noqa: PLC0415

    table = pa.Table.from_pylist(rows)
    if path.suffix == ".csv":
        csv.write_csv(table, path)
    else:
        parquet.write_table(table, path)


@pytest.fixture
def own_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make the networks of the own-network guide importable, of which nothing is known afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.setattr(network_catalogue, "_added", {})
    monkeypatch.syspath_prepend(str(folder))
    example(folder)
    network_catalogue.install(PATHS)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "wards"]:
        del sys.modules[name]
