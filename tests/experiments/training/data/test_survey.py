"""What the request leaves to the data: the size and colours of images, the scale of their values, and what is said."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from experiments.training.contract import image_inputs
from experiments.training.contract.reading import READING_FILE, PixelFacts, Reading
from experiments.training.contract.source_errors import SourceError
from experiments.training.data import pixel_reading, sources
from experiments.training.data.files.folders import Folder
from experiments.training.data.images import decoding, survey
from experiments.training.data.images.pixel_cache import PixelCache
from experiments.training.data.images.pixel_scale import PixelScale
from experiments.training.data.images.survey import Inputs
from experiments.training.data.loading import Samples, load
from tests.experiments.training.datasets import config_of, job_of, with_npz
from tests.experiments.training.scans import write_scan

AUTO: dict[str, Any] = {"image_size": "auto"}
RAMP = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)


def folder_of(path: Path, *sizes: tuple[int, int], mode: str = "L") -> Path:
    """Write two classes with an image of each size, all of different greys."""
    for number, size in enumerate([*sizes, *sizes]):
        name = path / "ab"[number % 2] / f"{number}.png"
        name.parent.mkdir(parents=True, exist_ok=True)
        Image.new(mode, size, (number + 1,) * 3 if mode == "RGB" else number + 1).save(name)
    return path


def chosen(folder: Path, **groups: Any) -> Inputs:
    files = Folder(folder, folder)
    config = config_of(folder, **{"data": AUTO, **groups})
    names = [sample.file for sample in sources.read(files, config).samples]
    return survey.inputs(survey.look(files, names, ct_window=config.data.ct_window), config, len(names))


def loaded(source: Path, home: Path, **data: Any) -> Samples:
    config = config_of(source, data=AUTO | data)
    return load(config, job_of(config, home))


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(28, 28)], 28),
        ([(20, 20)], 28),
        ([(64, 64)], 64),
        ([(100, 70), (70, 100), (500, 70)], 64),
        ([(300, 224)], 224),
        ([(2000, 1500)], 224),
        ([(50, 40)], 32),
        ([(150, 150), (150, 150), (3000, 3000)], 128),
    ],
)
def test_the_size_is_near_the_images_own(tmp_path: Path, sizes: list[tuple[int, int]], expected: int) -> None:
    found = chosen(folder_of(tmp_path / "x", *sizes))
    assert (found.size, found.channels) == (expected, 1)
    assert str(sorted(min(size) for size in sizes)[(len(sizes) - 1) // 2]) in found.size_why


@pytest.mark.parametrize(
    ("model", "side", "expected"),
    [
        ({"name": "densenet121"}, 28, 32),
        ({"name": "vit-small"}, 70, 64),
        ({"name": "vit-small"}, 28, 32),
        ({"name": "vit-small", "options": {"patch_size": 32}}, 48, 32),
        ({"name": "vit-small", "options": {"patch_size": 8}}, 300, 224),
        ({"name": "mlp"}, 28, 28),
    ],
)
def test_the_size_fits_the_network(tmp_path: Path, model: dict[str, Any], side: int, expected: int) -> None:
    assert chosen(folder_of(tmp_path / "x", (side, side)), model=model).size == expected


def test_the_size_fits_the_room_for_all_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of(tmp_path / "x", (224, 224))
    monkeypatch.setattr(image_inputs, "MAX_BYTES", 2 * 100 * 100)
    found = chosen(folder)
    assert found.size == 96
    assert "so that 2 images take no more than" in found.size_why
    assert chosen(folder, data={"image_size": 200}).size == 200


def test_what_the_request_gives_is_done(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "x", (64, 64), mode="RGB")
    found = chosen(folder, data={"image_size": 1024, "channels": 1})
    assert (found.size, found.channels) == (1024, 1)
    assert found.size_why == found.channels_why == survey.ASKED


def test_colour_where_the_images_are_in_colour(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "x", *[(32, 32)] * 30, mode="RGB")
    assert chosen(folder).channels == 1, "RGB files of grey pictures, as X-rays often are"
    tinted = np.full((32, 32, 3), (200, 120, 120), np.uint8)
    for number in range(2):
        Image.fromarray(tinted + np.uint8(number)).save(folder / "a" / f"tinted{number}.png")
    assert chosen(folder).channels == 1, "2 of 62 with a coloured mark"
    for number in range(20):
        Image.fromarray(tinted + np.uint8(number)).save(folder / "a" / f"more{number}.png")
    found = chosen(folder)
    assert found.channels == 3
    assert found.channels_why.endswith("of 64 images looked at are in colour")


def test_grey_that_jpeg_stores_in_colour_stays_grey(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    for number in range(4):
        name = tmp_path / "x" / "ab"[number % 2] / f"{number}.jpg"
        name.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.roll(noise, number, 0)).convert("RGB").save(name, quality=60)
    assert chosen(tmp_path / "x").channels == 1


@pytest.mark.parametrize("channels", [(1,), (3,)])
def test_channels_that_the_network_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, channels: tuple[int, ...]
) -> None:
    monkeypatch.setattr(image_inputs, "channels", lambda config, spec: channels)
    found = chosen(folder_of(tmp_path / "x", (32, 32)))
    assert found.channels == channels[0]


def test_a_medmnist_file_of_224_pixels_in_colour(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images: dict[str, Any] = {
        f"{split}_images": random.integers(0, 256, (count, 224, 224, 3), dtype=np.uint8)
        for split, count in (("train", 12), ("val", 6), ("test", 6))
    }
    samples = loaded(with_npz(tmp_path / "x.npz", **images), tmp_path)
    assert samples.inputs.shape == (24, 3, 224, 224)
    texts = " ".join(finding.text for finding in samples.reading.findings)
    assert "224 x 224 pixels, in colour" in texts
    small = loaded(tmp_path / "x.npz", tmp_path, image_size=28, channels=1)
    [finding] = [finding for finding in small.reading.findings if finding.code == "image_input"]
    assert finding.code == "image_input"
    assert "28 x 28 pixels, grey; those of the files are in colour, with 224 pixels" in finding.text
    assert "1 of 192 values is left" in finding.text


def test_a_medmnist_file_of_28_grey_pixels_stays_so(tmp_path: Path) -> None:
    assert loaded(with_npz(tmp_path / "x.npz", size=28), tmp_path).inputs.shape[1:] == (1, 28, 28)


def test_the_reading_tells_how_values_become_numbers(tmp_path: Path) -> None:
    for number in range(12):
        name = tmp_path / "x" / "ab"[number % 2] / f"{number}.png"
        name.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.roll(RAMP, number, axis=1)).save(name)
    samples = loaded(tmp_path / "x", tmp_path)
    facts = samples.reading.pixels
    assert facts == PixelFacts(
        size=64,
        size_why="the median of the shorter sides is 64 pixels",
        channels=1,
        channels_why="0 of 12 images looked at are in colour",
        stored_bits=12,
        lowest=4,
        highest=4091,
        scale="Grey files of more than 8 bits, by the full range of the 12 bits that their values need: 0 becomes 0 "
        "(black) and 4,095 becomes 255 (white). The network gets x / 127.5 - 1 of that.",
        constants={"black": 0, "white": 4095, "divided_by": 127.5, "minus": 1},
    )
    by_hand = np.round((RAMP.astype(float) - facts.constants["black"]) * 255 / facts.constants["white"])
    assert np.abs(samples.inputs[samples.sample_ids.index("a/0.png"), 0].numpy() - by_hand).max() <= 1


def test_what_is_told_of_turned_transparent_and_moving_pictures(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "x", (32, 32), (32, 32))
    exif = Image.Exif()
    exif[0x112] = 6
    Image.new("RGB", (32, 40), 99).save(folder / "a" / "turned.jpg", exif=exif)
    Image.new("RGBA", (32, 40), (9, 9, 9, 99)).save(folder / "b" / "transparent.png")
    frames = [Image.new("L", (32, 32), value) for value in (77, 78)]
    frames[0].save(folder / "b" / "moving.gif", save_all=True, append_images=frames[1:])
    by_code = {finding.code: finding.text for finding in loaded(folder, tmp_path).reading.findings}
    assert by_code["images_turned"].startswith("1 of the 7 images looked at have an EXIF orientation")
    assert "white" in by_code["images_transparent"]
    assert "the first frame alone is used" in by_code["first_frames"]


def test_what_is_told_of_windows_and_strays(tmp_path: Path) -> None:
    for number in range(12):
        window = {"WindowCenter": 40, "WindowWidth": 400 + number // 8}
        name = tmp_path / "x" / "ab"[number % 2] / f"{number}.dcm"
        write_scan(name, RAMP, Modality="CT", RescaleIntercept=-1024, RescaleSlope=1, PatientID=str(number), **window)
        write_scan(name.with_suffix(".dicom"), RAMP // (1 if number == 5 else 9), Modality="MR", PatientID=f"m{number}")
    by_code = {finding.code: finding for finding in loaded(tmp_path / "x", tmp_path).reading.findings}
    assert "2 different windows" in by_code["different_windows"].text
    assert "data.ct_window" in by_code["different_windows"].text
    assert by_code["different_windows"].level == by_code["stray_values"].level == "warning"
    assert by_code["stray_values"].text.startswith("1 of the MR files of 12 bits without a window reaches far beyond")


def test_many_images_beyond_the_sample_widen_the_scale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sample takes every second one; all others hold 16 bits."""
    monkeypatch.setattr(survey, "HEADERS", 10)
    for number in range(20):
        name = tmp_path / "x" / ("a" if number < 10 else "b") / f"{number:02d}.png"
        name.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(RAMP * (16 if number % 2 else 1)).save(name)
    samples = loaded(tmp_path / "x", tmp_path)
    assert samples.reading.pixels is not None
    assert samples.reading.pixels.constants["white"] == 65535
    assert samples.inputs.max() == 255
    assert "decoding all by a wider one" in capsys.readouterr().out


def test_the_scale_is_part_of_what_is_cached(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    for number in range(4):
        write_scan(
            folder / "ab"[number % 2] / f"{number}.dcm",
            RAMP + number,
            Modality="CT",
            RescaleIntercept=-1024,
            RescaleSlope=1,
            PatientID=str(number),
        )
    wide, narrow = loaded(folder, tmp_path).inputs, loaded(folder, tmp_path, ct_window=[40, 400]).inputs
    assert (wide != narrow).any()
    assert len(list((tmp_path / "datasets" / "cache").glob("*.pixels"))) == 2


def test_headers_are_the_same_from_decoding_and_from_files_whose_pixels_are_cached(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "x", (64, 40), (30, 64))
    Image.fromarray(RAMP).save(folder / "a" / "deep.png")
    Image.new("RGBA", (32, 40), (9, 9, 9, 99)).save(folder / "b" / "transparent.png")
    write_scan(folder / "b" / "scan.dcm", RAMP)
    first, second = loaded(folder, tmp_path), loaded(folder, tmp_path)
    assert first.header_counts is not None
    assert first.header_counts == second.header_counts
    assert first.header_counts.modes == {"L": 4, "I;16": 1, "RGBA": 1, "DICOM": 1}
    assert first.header_counts.sizes[64, 40] == 2
    assert [header.bits for header in first.header_counts.headers if header.deep] == [16, 12]


def test_every_process_comes_to_the_same_numbers(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "x", *[(40 + number, 50) for number in range(40)])
    assert chosen(folder) == chosen(folder)


def test_a_resumed_run_keeps_the_size_it_began_with(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "x", (64, 64), (64, 64))
    config = config_of(folder, data=AUTO)
    facts = msgspec.structs.replace(pixel_reading.facts(_nothing(), Inputs(32, 3, _nothing().scale)), size=32)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / READING_FILE).write_bytes(msgspec.json.encode(Reading(pixels=facts)))
    job = job_of(config, tmp_path, resume_from=str(tmp_path / "a.ckpt"))
    assert load(config, job).inputs.shape[1:] == (3, 32, 32)
    (tmp_path / "run" / READING_FILE).write_bytes(b"damaged")
    assert load(config, job).inputs.shape[1:] == (1, 64, 64)


def _nothing() -> survey.Survey:
    return survey.Survey([], 0, 0, PixelScale())


def test_unreadable_images_are_passed_over_and_named_by_decoding(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "x", *[(64, 64)] * 8)
    (folder / "a" / "bad.png").write_bytes(b"nothing")
    assert chosen(folder).size == 64
    with pytest.raises(SourceError, match=r"a/bad\.png cannot be read"):
        loaded(folder, tmp_path)
    assert loaded(folder, tmp_path, skip_unreadable=True).inputs.shape[-1] == 64


def test_one_deep_image_that_the_sample_missed_is_shown_by_its_own_values(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "x", (64, 64), (64, 64))
    Image.fromarray(RAMP).save(folder / "a" / "deep.png")
    files = Folder(folder, folder)
    index = sources.read(files, config_of(folder, data=AUTO))
    inputs = Inputs(64, 1, PixelScale())
    pixels, _ = decoding.decode(files, index, inputs, PixelCache(tmp_path / "cache", 0, "x", threading.Event()))
    row = next(row for row, sample in enumerate(index.samples) if "deep" in sample.file)
    assert len(np.unique(pixels[row].numpy())) > 200
