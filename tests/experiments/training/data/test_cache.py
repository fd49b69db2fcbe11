"""Decoded images are decoded once and mapped from disk; what may go wrong with that costs time, never a run."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.stop import Interrupted
from experiments.training.data.images import cache_headers, cache_space, decoding, pixel_cache, pixels
from experiments.training.data.images.pixel_cache import PixelCache
from experiments.training.data.module import DataModule, build
from runs import atomic_files
from tests.experiments.training.datasets import config_of, job_of, with_csv, with_npz, write_image, zipped
from tests.experiments.training.scans import write_scan
from tests.waiting import eventually

SHAPE = (6, 1, 8, 8)
BYTES = cache_headers.BYTES + 6 * 64


class Decoding:
    """A stand-in for decoding images that counts how often it begins."""

    def __init__(self, value: int = 1) -> None:
        self.begun = 0
        self.value = value

    def __call__(self) -> Iterator[NDArray[np.uint8]]:
        self.begun += 1
        for _ in range(3):
            yield np.full((2, 1, 8, 8), self.value, np.uint8)


def cache_in(folder: Path, max_bytes: int = 2**30, *, place: str = "/data/x") -> PixelCache:
    return PixelCache(folder / "cache", max_bytes, place, threading.Event())


def kept(folder: Path) -> list[str]:
    """List the names of the cached files, whole or not."""
    return sorted(path.name for path in (folder / "cache").glob("*") if path.suffix in (".pixels", ".tmp"))


def pixels_of(data: DataModule) -> Tensor:
    """Load all pixels, in the order of the index."""
    x = torch.empty((len(data.sample_ids), *data.input_shape))
    for loader in (data.train_dataloader(), data.val_dataloader(), data.test_dataloader() or ()):
        for batch, _, index in loader:
            x[index] = batch
    return x


def built(home: Path, source: Path, **data: Any) -> Tensor:
    config = config_of(source.name, data=data)
    return pixels_of(build(config, job_of(config, home)))


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make decoding any image fail from now on."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(pixels, "to_array", refuse)


@pytest.mark.parametrize("kind", ["folder", "zip", "npz", "dicom"])
def test_a_second_run_maps_what_the_first_decoded(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = with_csv(tmp_path / "x")
    if kind == "zip":
        source = zipped(source)
    elif kind == "npz":
        source = with_npz(tmp_path / "x.npz")
    elif kind == "dicom":
        for number in range(10):
            (source / "images" / f"{number:03d}.png").unlink()
            write_scan(
                source / "images" / f"{number:03d}.dcm", np.full((9, 9), number, np.uint8), PatientID=str(number)
            )
    first = built(tmp_path, source)
    assert "images in " in capsys.readouterr().out
    forbid(monkeypatch)
    assert torch.equal(built(tmp_path, source), first)
    assert "decoded before, mapped from the cache" in capsys.readouterr().out
    assert len(set(first[:, 0, 0, 0].tolist())) >= 10


def test_size_and_colour_are_cached_apart(tmp_path: Path) -> None:
    source = with_csv(tmp_path / "x")
    for data in ({}, {"image_size": 9}, {"channels": 3}, {}):
        built(tmp_path, source, **data)
    assert len(kept(tmp_path / "datasets")) == 3


def test_labels_and_splits_are_not_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = with_csv(tmp_path / "x")
    built(tmp_path, source)
    with_labels = {f"{number:03d}": int(number < 5) for number in range(10)}
    (source / "labels.csv").write_text("patientId,Target\n" + "".join(f"{i},{t}\n" for i, t in with_labels.items()))
    forbid(monkeypatch)
    config = config_of("x", seed=5)
    assert build(config, job_of(config, tmp_path)).train_counts == [4, 4]


@pytest.mark.parametrize("disguised", [False, True], ids=["rewritten", "with its old time"])
def test_a_changed_image_is_seen_though_its_size_stays(tmp_path: Path, disguised: bool) -> None:
    source = with_csv(tmp_path / "x", extension=".bmp")
    before = built(tmp_path, source)
    image = source / "images" / "004.bmp"
    old = image.stat()
    write_image(image, 200)
    if disguised:
        os.utime(image, ns=(old.st_atime_ns, old.st_mtime_ns))
    assert image.stat().st_size == old.st_size
    after = built(tmp_path, source)
    assert (after[4] != before[4]).all()
    assert torch.equal(after[5:], before[5:])


def test_a_zip_is_known_by_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = with_csv(tmp_path / "x")
    first = built(tmp_path, zipped(source))
    shutil.move(tmp_path / "x.zip", tmp_path / "elsewhere.zip")
    write_image(source / "images" / "004.png", 200)
    assert not torch.equal(built(tmp_path, zipped(source)), first)
    forbid(monkeypatch)
    assert torch.equal(built(tmp_path, tmp_path / "elsewhere.zip"), first)


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:-1],
        lambda raw: raw + b"x",
        lambda raw: b"" * len(raw),
        lambda raw: b"{" + raw[1:].replace(b"uint8", b"int16", 1),
    ],
)
def test_a_damaged_file_is_made_again(tmp_path: Path, damage: Any, capsys: pytest.CaptureFixture[str]) -> None:
    decoding_ = Decoding()
    cache = cache_in(tmp_path)
    cache.pixels(lambda: "k", SHAPE, decoding_)
    path = tmp_path / "cache" / "k.pixels"
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert (cache.pixels(lambda: "k", SHAPE, decoding_) == 1).all()
    assert decoding_.begun == 2
    assert "k.pixels is damaged" in capsys.readouterr().out
    assert path.read_bytes() == whole


def test_the_mapping_outlives_the_file_and_never_changes_it(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "k.pixels"
    for _ in range(2):
        mapped = cache_in(tmp_path).pixels(lambda: "k", SHAPE, Decoding())
        content = path.read_bytes()
        mapped.fill_(7)
        assert path.read_bytes() == content
    path.unlink()
    assert (mapped == 7).all()


def test_two_runs_at_once_decode_once(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()
    first, second = Decoding(), Decoding(value=2)

    def slowly() -> Iterator[NDArray[np.uint8]]:
        begun.set()
        assert go_on.wait(30)
        yield from first()

    results: dict[str, Tensor] = {}
    runs = [
        threading.Thread(target=lambda: results.update(a=cache_in(tmp_path).pixels(lambda: "k", SHAPE, slowly))),
        threading.Thread(target=lambda: results.update(b=cache_in(tmp_path).pixels(lambda: "k", SHAPE, second))),
    ]
    runs[0].start()
    assert begun.wait(30)
    runs[1].start()
    go_on.set()
    for run in runs:
        run.join(30)
    assert torch.equal(results["a"], results["b"])
    assert (first.begun, second.begun) == (1, 0)


def test_waiting_for_another_run_ends_with_the_order_to_stop(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly() -> Iterator[NDArray[np.uint8]]:
        begun.set()
        assert go_on.wait(30)
        yield from Decoding()()

    other = threading.Thread(target=lambda: cache_in(tmp_path).pixels(lambda: "k", SHAPE, slowly))
    other.start()
    assert begun.wait(30)
    waiting = cache_in(tmp_path)
    threading.Timer(0.2, waiting.stop.set).start()
    with pytest.raises(Interrupted):
        waiting.pixels(lambda: "k", SHAPE, Decoding())
    go_on.set()
    other.join(30)


def test_decoding_ends_with_the_order_to_stop_and_leaves_nothing(tmp_path: Path) -> None:
    config = config_of(with_csv(tmp_path / "x").name)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        build(config, job_of(config, tmp_path), stop)
    assert kept(tmp_path / "datasets") == []


def test_a_broken_image_leaves_nothing(tmp_path: Path) -> None:
    source = with_csv(tmp_path / "x")
    (source / "images" / "004.png").write_bytes(b"broken")
    with pytest.raises(SourceError, match=r"images/004\.png cannot be read"):
        built(tmp_path, source)
    assert kept(tmp_path / "datasets") == []


def test_images_that_change_while_they_are_decoded_are_not_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = iter(["before", "after"])
    assert (cache_in(tmp_path).pixels(lambda: next(keys), SHAPE, Decoding()) == 1).all()
    assert kept(tmp_path) == []
    assert "changed while they were being decoded" in capsys.readouterr().out


@pytest.mark.parametrize("full", ["at once", "half way", "nearly"])
def test_a_full_disk_fails_no_run(
    tmp_path: Path, full: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk is played; what a real one says is ENOSPC, from the reservation or from a write."""

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    decoding_ = Decoding()

    def half_way() -> Iterator[NDArray[np.uint8]]:
        for number, block in enumerate(decoding_()):
            if number == 1 and decoding_.begun == 1:
                no_room()
            yield block

    if full == "at once":
        monkeypatch.setattr(os, "posix_fallocate", no_room)
    elif full == "nearly":
        monkeypatch.setattr(cache_space, "SPARE_BYTES", 2**60)
    blocks = half_way if full == "half way" else decoding_
    assert (cache_in(tmp_path).pixels(lambda: "k", SHAPE, blocks) == 1).all()
    assert kept(tmp_path) == []
    assert "are not cached: " in (said := capsys.readouterr().out)
    assert "room" in said or "No space left" in said


def test_a_cache_that_may_not_be_written_fails_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert (cache_in(tmp_path).pixels(lambda: "k", SHAPE, Decoding()) == 1).all()
    assert "are not cached: File exists" in capsys.readouterr().out


@pytest.mark.parametrize("max_bytes", [0, BYTES - 1])
def test_without_room_in_the_settings_all_stays_in_memory(tmp_path: Path, max_bytes: int) -> None:
    assert (cache_in(tmp_path, max_bytes).pixels(lambda: "k", SHAPE, Decoding()) == 1).all()
    assert not (tmp_path / "cache").exists()


def test_what_fits_neither_cache_nor_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixel_cache, "MAX_IN_MEMORY_BYTES", 6 * 64 - 1)
    assert (cache_in(tmp_path).pixels(lambda: "k", SHAPE, Decoding()) == 1).all()
    with pytest.raises(SourceError, match="and the cache cannot hold them: it is off") as caught:
        cache_in(tmp_path, 0).pixels(lambda: "k", SHAPE, Decoding())
    assert caught.value.field == "data.image_size"


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, 3 * BYTES)
    for number, name in enumerate("abc"):
        cache.pixels(partial(str, name), SHAPE, Decoding())
        os.utime(tmp_path / "cache" / f"{name}.pixels", (number, number))
    cache.pixels(lambda: "a", SHAPE, Decoding())  # used: now b is the oldest
    cache.pixels(lambda: "d", SHAPE, Decoding())
    assert kept(tmp_path) == ["a.pixels", "c.pixels", "d.pixels"]
    assert {path.name for path in (tmp_path / "cache").glob("?.lock")} == {"a.lock", "c.lock", "d.lock"}


def test_what_a_run_uses_is_never_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cache = cache_in(tmp_path, 2 * BYTES)
    used = cache.pixels(lambda: "a", SHAPE, Decoding())
    cache.pixels(lambda: "b", SHAPE, Decoding())
    os.utime(tmp_path / "cache" / "a.pixels", (1, 1))
    held = cache.pixels(lambda: "c", SHAPE, Decoding())
    assert kept(tmp_path) == ["a.pixels", "c.pixels"]
    cache.pixels(lambda: "d", SHAPE, Decoding())
    assert kept(tmp_path) == ["a.pixels", "c.pixels"]
    assert "are not cached: not enough room" in capsys.readouterr().out
    assert (used == held).all()
    del used
    cache.pixels(lambda: "d", SHAPE, Decoding())
    assert kept(tmp_path) == ["c.pixels", "d.pixels"]


def test_what_killed_runs_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    cache = cache_in(tmp_path, 3 * BYTES)
    (tmp_path / "cache").mkdir()
    abandoned = tmp_path / "cache" / ".0123.tmp"
    abandoned.write_bytes(bytes(3 * BYTES))

    def while_written() -> Iterator[NDArray[np.uint8]]:
        assert not abandoned.exists()
        other.pixels(lambda: "b", SHAPE, Decoding())  # clears again, and leaves alone what is being written
        yield from Decoding()()

    other = cache_in(tmp_path, 3 * BYTES)
    cache.pixels(lambda: "a", SHAPE, while_written)
    assert kept(tmp_path) == ["a.pixels", "b.pixels"]


def test_what_was_made_of_deleted_data_is_forgotten(tmp_path: Path) -> None:
    mapped = cache_in(tmp_path, place="/data/a").pixels(lambda: "a", SHAPE, Decoding())
    cache_in(tmp_path, place="/data/" + "b" * 4000).pixels(lambda: "b", SHAPE, Decoding())
    (tmp_path / "cache" / "broken.pixels").write_bytes(b"[]")
    cache_space.forget(tmp_path / "cache", "/data/a")
    assert kept(tmp_path) == ["b.pixels", "broken.pixels"]
    assert (mapped == 1).all()
    cache_space.forget(tmp_path / "cache", "/data/" + "b" * 4000)
    cache_space.forget(tmp_path / "nowhere", "/data/a")
    assert kept(tmp_path) == ["broken.pixels"]


def test_a_file_on_its_way_to_its_name_is_not_cleared_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bringing gigabytes to the disk takes seconds, in which another run may look for room."""
    sync = atomic_files._sync
    others = iter([cache_in(tmp_path)])

    def meanwhile(path: Path) -> None:
        if other := next(others, None):
            other.pixels(lambda: "b", SHAPE, Decoding())
        sync(path)

    monkeypatch.setattr(atomic_files, "_sync", meanwhile)
    cache_in(tmp_path).pixels(lambda: "a", SHAPE, Decoding())
    assert kept(tmp_path) == ["a.pixels", "b.pixels"]


def test_one_broken_image_among_ten_thousand_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Threads find others first or last; all are named, in the order of their names."""
    monkeypatch.setattr(decoding, "REPORT_SECONDS", 0.0)
    folder = tmp_path / "x"
    write_image(folder / "healthy" / "00000.png")
    for number in range(1, 10_000):
        name = folder / ("healthy" if number % 2 else "ill") / f"{number:05d}.png"
        name.parent.mkdir(exist_ok=True)
        name.hardlink_to(folder / "healthy" / "00000.png")
    for broken in ("healthy/07003.png", "ill/06998.png"):
        (folder / broken).unlink()
        (folder / broken).write_bytes(b"\x89PNG broken")
    with pytest.raises(
        SourceError, match=r"^source_path: 2 of 10,000 images cannot be read: healthy/07003\.png \(not a PNG"
    ):
        built(tmp_path, folder, batch_size=1000)
    assert "of 10,000 images, " in capsys.readouterr().out


def test_progress_is_told_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pixels, "BLOCK", 2)
    monkeypatch.setattr(decoding, "REPORT_SECONDS", 0.0)
    built(tmp_path, with_csv(tmp_path / "x"))
    said = capsys.readouterr().out
    assert "Decoded 2 of 10 images, " in said
    assert "Decoded 8 of 10 images, " in said
    assert said.rstrip().splitlines()[-1].startswith("Decoded 10 images in ")
    assert eventually(lambda: not [t for t in threading.enumerate() if t.name.startswith("decoder")])
