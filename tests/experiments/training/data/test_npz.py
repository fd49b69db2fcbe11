"""MedMNIST files: their own splits, grey and colour; what could carry code or is broken is refused unopened."""

from __future__ import annotations

import io
import pickle
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from experiments.training.data.images import npy_headers
from experiments.training.data.module import build
from experiments.training.data.sources import SourceError, SourceSummary, inspect
from tests.experiments.training.datasets import config_of, job_of, with_npz


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("size", [8, 10])
def test_splits_labels_and_pixels_are_the_files_own(tmp_path: Path, channels: int, colour: bool, size: int) -> None:
    with_npz(tmp_path / "small.npz", colour=colour, size=size)
    config = config_of("small.npz", data={"channels": channels})
    assert replace(inspect(config, [tmp_path]), stamp=None) == SourceSummary("small", "npz", {"0": 12, "1": 12})
    data = build(config, job_of(config, tmp_path))
    assert data.summary.sizes == {"train": 12, "val": 6, "test": 6}
    assert data.input_shape == (channels, 8, 8)
    batches = data.test_dataloader()
    assert batches is not None
    for x, y, index in batches:
        assert y.tolist() == [int(i) % 2 for i in index]
        assert torch.allclose((x[:, channels - 1, 3, 4] + 1) * 127.5, index.float(), atol=1e-4)
        assert {data.sample_ids[int(i)] for i in index} <= {f"test/{n}" for n in range(6)}


def test_pixels_keep_their_place_and_colour(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
    with_npz(tmp_path / "x.npz", train_images=images)
    config = config_of("x.npz", data={"channels": 3, "batch_size": 12})
    [(x, _, index)] = list(build(config, job_of(config, tmp_path)).train_dataloader())
    expected = torch.tensor(images).permute(0, 3, 1, 2)[index]
    assert torch.equal(((x + 1) * 127.5).round().to(torch.uint8), expected)


def test_missing_splits_are_made_of_training_samples(tmp_path: Path) -> None:
    with_npz(tmp_path / "x.npz", val_images=None, val_labels=None)
    config = config_of("x.npz", data={"val_fraction": 0.34})
    data = build(config, job_of(config, tmp_path))
    assert data.summary.sizes == {"train": 8, "val": 4, "test": 6}


@pytest.mark.parametrize("dtype", ["u1", "<i2", ">i4", "<i8", ">u8", "?", "<u2"])
def test_labels_of_any_whole_type(tmp_path: Path, dtype: str) -> None:
    values = np.arange(12) % 2
    with_npz(tmp_path / "x.npz", train_labels=values.astype(dtype))
    assert inspect(config_of("x.npz"), [tmp_path]).classes == {"0": 12, "1": 12}


class Trap:
    """An object that leaves a trace when it is unpickled."""

    def __reduce__(self) -> Any:
        return (Path("unpickled").touch, ())


def test_object_arrays_are_refused_and_never_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pickle.loads(pickle.dumps(Trap()))
    assert (tmp_path / "unpickled").exists()
    (tmp_path / "unpickled").unlink()
    for name in ("train_labels", "test_images"):
        trapped: dict[str, Any] = {name: np.array([Trap()] * 12, dtype=object)}
        with_npz(tmp_path / "x.npz", **trapped)
        config = config_of("x.npz")
        said = f"{name}.npy is an array of Python objects"
        with pytest.raises(SourceError, match=said):
            inspect(config, [tmp_path])
        with pytest.raises(SourceError, match=said):
            build(config, job_of(config, tmp_path))
    assert not (tmp_path / "unpickled").exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"train_images": None}, "no train_images and train_labels"),
        ({"val_labels": None}, "val_images but no val_labels"),
        ({"train_images": np.zeros((12, 8, 8), np.float32)}, "images must be uint8"),
        ({"train_images": np.zeros((12, 8, 8, 8), np.uint8)}, "shape (12, 8, 8, 8)"),
        ({"train_images": np.zeros((12, 0, 8), np.uint8)}, "shape (12, 0, 8)"),
        ({"train_images": np.asfortranarray(np.zeros((12, 8, 9), np.uint8))}, "Fortran order"),
        ({"train_labels": np.zeros((11, 1), np.uint8)}, "shape (12, 1), one for each image"),
        ({"train_labels": np.zeros((12, 14), np.uint8)}, "one for each image"),
        ({"train_labels": np.zeros(12)}, "whole numbers"),
        ({"train_labels": np.array(["a"] * 12)}, "save it as plain numbers"),
        ({"train_labels": np.zeros(12, [("a", "u1")])}, "save it as plain numbers"),
        ({"train_labels": np.arange(12)}, "validation split has no sample of class '2'"),
    ],
)  # fmt: skip
def test_arrays_that_are_no_labelled_images(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    with_npz(tmp_path / "x.npz", **changed)
    with pytest.raises(SourceError) as caught:
        inspect(config_of("x.npz"), [tmp_path])
    assert message in caught.value.message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no array at all",
        b"\x93NUMPY\x01\x00\xff\xff",
        b"\x93NUMPY\x01\x00\x05\x00{'a'",
        b"\x93NUMPY\x01\x00\x02\x00{}",
        b"\x93NUMPY\x01\x00\x10\x00__import__('os')",
    ],
)
def test_broken_headers(content: bytes) -> None:
    with pytest.raises(SourceError):
        npy_headers.read(io.BytesIO(content), "a.npy")


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_headers_agree_with_numpy(version: tuple[int, int]) -> None:
    file = io.BytesIO()
    array = np.arange(6, dtype=">i4").reshape(3, 2)
    np.lib.format.write_array(file, array, version=version)
    file.seek(0)
    header = npy_headers.read(file, "a.npy")
    assert (header.kind, header.big_endian, header.shape) == ("i4", True, (3, 2))
    assert npy_headers.whole_numbers(file.read(), header) == [0, 1, 2, 3, 4, 5]


def test_too_many_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_npz(tmp_path / "x.npz")
    monkeypatch.setattr("experiments.training.data.images.medmnist.MAX_SAMPLES", 11)
    with pytest.raises(SourceError, match="12 images; at most 11 are read"):
        inspect(config_of("x.npz"), [tmp_path])


def test_an_array_that_is_cut_off(tmp_path: Path) -> None:
    with_npz(tmp_path / "x.npz")
    with zipfile.ZipFile(tmp_path / "x.npz") as whole, zipfile.ZipFile(tmp_path / "y.npz", "w") as cut:
        for name in whole.namelist():
            content = whole.read(name)
            cut.writestr(name, content[:-1] if name == "val_images.npy" else content)
    with pytest.raises(SourceError, match=r"val_images\.npy is shorter or longer"):
        inspect(config_of("y.npz"), [tmp_path])
