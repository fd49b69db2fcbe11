"""The pictures of the most confident errors, kept with the run; and which files its predictions are of."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from experiments.training.contract.inference import IMAGES_METADATA
from experiments.training.data.image_files import Rendering
from experiments.training.recipes import error_pictures
from experiments.training.recipes.evaluation import Predictions
from tests.experiments.training.datasets import with_class_folders, with_csv, with_npz, zipped
from tests.experiments.training.trainings import carry_out, job_of, outcome

SMALL: dict[str, Any] = {"trainer": {"max_epochs": 1}, "model": {"name": "cnn"}}


def trained(home: Path, source: Path, *, keep_pictures: bool = True, **data: Any) -> Path:
    """Train on the source, and return the folder of what the attempt wrote."""
    asked: dict[str, Any] = {"source_path": str(source), "data": {"batch_size": 4, "image_size": 16, **data}}
    placed: dict[str, Any] = {"data_roots": [str(home)], "cache_bytes": 2**30, "keep_pictures": keep_pictures}
    job = msgspec.structs.replace(job_of(home / "7", **SMALL, **asked), **placed)
    messages = carry_out(job)
    assert outcome(messages).status == "completed", outcome(messages).reason
    return home / "7" / "attempts" / "1"


def pictures_in(folder: Path) -> dict[str, Any]:
    with zipfile.ZipFile(folder / error_pictures.NAME) as archive:
        return {name: np.asarray(Image.open(io.BytesIO(archive.read(name)))) for name in archive.namelist()}


def test_the_pictures_are_those_of_the_samples(tmp_path: Path) -> None:
    folder = trained(tmp_path, with_class_folders(tmp_path / "d", {"negative": 20, "positive": 20}), test_fraction=0.25)
    table = pq.read_table(folder / "predictions.parquet")
    shown = pictures_in(folder)
    for split in ("val", "test"):
        rows = table.filter(np.array(table["split"]) == split).to_pylist()
        assert {f"{split}/{place}.png" for place in range(len(rows))} == {
            name for name in shown if name.startswith(split)
        }  # fewer than are kept
        for place, row in enumerate(rows):
            value = (100 if row["file"].startswith("positive") else 0) + int(row["file"][9:12])
            assert shown[f"{split}/{place}.png"].tolist() == [[value] * 16] * 16
            assert row["file_bytes"] == (tmp_path / "d" / row["file"]).stat().st_size
    found = msgspec.json.decode(table.schema.metadata[IMAGES_METADATA], type=Rendering)
    assert found.channels == 1
    assert max(path.stat().st_mtime_ns for path in (tmp_path / "d").rglob("*.png")) <= found.read_at


@pytest.mark.parametrize("form", ["table", "zip", "npz"])
def test_the_names_of_the_files(tmp_path: Path, form: str) -> None:
    if form == "npz":
        source = with_npz(tmp_path / "d.npz")
    else:
        source = with_csv(tmp_path / "d", {f"{number:03d}": number % 2 for number in range(40)})
        source = source if form == "table" else zipped(source)
    rows = pq.read_table(trained(tmp_path, source) / "predictions.parquet").to_pylist()
    if form == "npz":
        assert {row["file"] for row in rows} == {row["file_bytes"] for row in rows} == {None}
    else:
        assert all(row["file"] == f"images/{row['sample_id']}.png" for row in rows)
    assert len(pictures_in(tmp_path / "7" / "attempts" / "1")) == len(rows)


def test_pictures_are_kept_only_where_that_is_wanted(tmp_path: Path) -> None:
    source = with_class_folders(tmp_path / "d", {"negative": 12, "positive": 12})
    folder = trained(tmp_path, source, keep_pictures=False)
    assert [path.name for path in folder.iterdir()] == ["predictions.parquet"]


def test_pictures_name_their_attempt(tmp_path: Path) -> None:
    folder = trained(tmp_path, with_class_folders(tmp_path / "d", {"negative": 12, "positive": 12}))
    with zipfile.ZipFile(folder / error_pictures.NAME) as archive:
        assert archive.comment == b"attempt 1"


def test_a_table_has_no_pictures(tmp_path: Path) -> None:
    messages = carry_out(job_of(tmp_path / "7", trainer={"max_epochs": 1}))
    assert outcome(messages).status == "completed"
    folder = tmp_path / "7" / "attempts" / "1"
    assert [path.name for path in folder.glob("*.zip")] == []
    assert "file" not in pq.read_schema(folder / "predictions.parquet").names


def predicted(logits: Any, targets: Any, scores: Any = None) -> Predictions:
    chosen = logits if scores is None else scores
    return Predictions("test", 0.5, np.asarray(logits), np.asarray(chosen), np.asarray(targets), np.arange(len(logits)))


def test_which_errors_are_the_worst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(error_pictures, "EACH", 2)
    logits = [3.0, -2.0, 0.5, -3.0, 4.0, 2.0]
    assert error_pictures.worst(predicted(logits, [1, 1, 1, 0, 0, 0])) == [1, 2, 4, 5]
    scores = [[0.9, 0.1, 0.0], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8], [0.6, 0.3, 0.1]]
    assert error_pictures.worst(predicted(scores, [1, 1, 0, 2], scores)) == [0, 2, 3]  # 1 is right


def test_a_full_disk_leaves_the_run_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_pixels: Any) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(error_pictures, "png", full)
    folder = trained(tmp_path, with_class_folders(tmp_path / "d", {"negative": 12, "positive": 12}))
    assert [path.name for path in folder.iterdir()] == ["predictions.parquet"]
