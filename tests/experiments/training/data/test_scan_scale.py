"""Values of DICOM files without a window of their own: one range for all of a kind, padding left out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread

from experiments.training.data.files.folders import Folder
from experiments.training.data.images import survey
from experiments.training.data.images.pixels import blocks
from tests.experiments.training.scans import write_scan

RAMP = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)
SIGNED: dict[str, Any] = {"BitsStored": 16, "HighBit": 15, "PixelRepresentation": 1}


def decoded(folder: Path, *, ct_window: tuple[float, float] | None = None) -> NDArray[np.uint8]:
    """Decode all scans of the folder, one data set, to grey (N, 64, 64)."""
    files = Folder(folder, folder)
    names = tuple(files.sizes)
    scale = survey.look(files, names, ct_window=ct_window).scale
    return np.concatenate(list(blocks(files, names, size=64, channels=1, scale=scale)))[:, 0]


def slice_of(number: int) -> NDArray[np.uint16]:
    """Make a slice of tissue of 0 and 50 HU, stored from -1024 on; odd ones hold metal of 3071 HU."""
    pixels = np.full((64, 64), 1024, np.uint16)
    pixels[16:48, 16:40] = 1074
    if number % 2:
        pixels[:4, :4] = 4095
    return pixels


CT: dict[str, Any] = {"Modality": "CT", "RescaleIntercept": -1024, "RescaleSlope": 1}


def test_computed_tomograms_without_a_window_get_one(tmp_path: Path) -> None:
    for number in range(4):
        write_scan(tmp_path / f"{number}.dcm", slice_of(number), **CT)
    found = decoded(tmp_path)
    assert set(found[:, 60, 60].tolist()) == {round(1000 * 255 / 2000)}
    assert set(found[:, 20, 20].tolist()) == {round(1050 * 255 / 2000)}
    soft = decoded(tmp_path, ct_window=(40, 400))
    assert set(soft[:, 60, 60].tolist()) == {round(160 * 255 / 400)}
    assert set(soft[:, 20, 20].tolist()) == {round(210 * 255 / 400)}


def test_computed_tomograms_of_different_windows_get_that_of_most(tmp_path: Path) -> None:
    for number in range(5):
        window = {"WindowCenter": 40, "WindowWidth": 400} if number < 3 else {"WindowCenter": -600, "WindowWidth": 1500}
        write_scan(tmp_path / f"{number}.dcm", slice_of(number), **CT, **window, VOILUTFunction="LINEAR_EXACT")
    found = decoded(tmp_path)
    assert set(found[:, 60, 60].tolist()) == {round(160 * 255 / 400)}
    assert set(found[:, 20, 20].tolist()) == {round(210 * 255 / 400)}


def test_files_without_a_window_beside_others_that_have_one(tmp_path: Path) -> None:
    for number in range(5):
        window = {"WindowCenter": 40, "WindowWidth": 400} if number < 3 else {}
        write_scan(tmp_path / f"{number}.dcm", slice_of(number), **CT, **window)
    assert len(set(decoded(tmp_path)[:, 20, 20].tolist())) == 1


def test_signed_hounsfield_units_need_no_rescaling(tmp_path: Path) -> None:
    for number in range(2):
        pixels = slice_of(number).astype(np.int16) - 1024
        write_scan(tmp_path / f"{number}.dcm", pixels, Modality="CT", **SIGNED)
    assert set(decoded(tmp_path)[:, 20, 20].tolist()) == {round(1050 * 255 / 2000)}


def test_monochrome1_of_computed_tomograms(tmp_path: Path) -> None:
    write_scan(tmp_path / "a.dcm", slice_of(0), **CT, PhotometricInterpretation="MONOCHROME1")
    assert decoded(tmp_path)[0, 20, 20] == round(255 - 1050 * 255 / 2000)


@pytest.mark.parametrize("modality", ["MR", "CR", "DX", None])
def test_one_bright_spot_does_not_darken_its_image_alone(tmp_path: Path, modality: str | None) -> None:
    """Each stretched by itself, the same tissue would have another grey in every image."""
    for number in range(6):
        pixels = np.full((64, 64), 300, np.uint16)
        pixels[30:] = 0
        if number % 2:
            pixels[:8, :8] = 1500
        write_scan(tmp_path / f"{number}.dcm", pixels, Modality=modality)
    found = decoded(tmp_path)
    assert set(found[:, 20, 20].tolist()) == {round(300 * 255 / 1500)}


def test_a_few_hot_pixels_change_nothing(tmp_path: Path) -> None:
    pixels = (RAMP // 4).copy()
    pixels[63, 61:] = 4095  # 3 of 4,096
    write_scan(tmp_path / "a.dcm", pixels, Modality="MR")
    assert decoded(tmp_path)[0, 60].mean() > 230


def test_modalities_and_depths_are_kinds_of_their_own(tmp_path: Path) -> None:
    write_scan(tmp_path / "a.dcm", RAMP, Modality="CR")
    write_scan(tmp_path / "b.dcm", RAMP * 16, Modality="CR", BitsStored=16, HighBit=15)
    write_scan(tmp_path / "c.dcm", RAMP // 8, Modality="MR")
    found = decoded(tmp_path)
    assert (np.abs(found - RAMP * 255.0 / 4095).max(axis=(1, 2)) < 3).all()


def test_8_bits_in_words_stay_as_they_are(tmp_path: Path) -> None:
    write_scan(tmp_path / "a.dcm", RAMP // 40, BitsStored=8, HighBit=7)
    assert (decoded(tmp_path)[0] == RAMP // 40).all()


@pytest.mark.parametrize(
    ("kind", "padding", "stored"),
    [
        ("SS", -2000, -2000),
        ("US", 63536, -2000),
        ("US", 32768, -32768),
        ("SS", -32768, -32768),
    ],
)
def test_padding_is_no_value_however_it_is_written(tmp_path: Path, kind: str, padding: int, stored: int) -> None:
    pixels = (RAMP // 4).astype(np.int16)
    pixels[:8] = stored
    write_scan(tmp_path / "a.dcm", pixels, **SIGNED)
    dataset = dcmread(tmp_path / "a.dcm")
    dataset.add_new(0x00280120, kind, padding)
    dataset.save_as(tmp_path / "a.dcm")
    found = decoded(tmp_path)[0]
    assert (found[:8] == 0).all()
    assert len(np.unique(found[8:])) >= 200
    assert (np.diff(found[8:].mean(axis=1)) >= 0).all()


def test_padding_of_unsigned_pixels_written_as_signed(tmp_path: Path) -> None:
    pixels = RAMP.copy()
    pixels[:8] = 65535
    write_scan(tmp_path / "a.dcm", pixels, BitsStored=16, HighBit=15)
    dataset = dcmread(tmp_path / "a.dcm")
    dataset.add_new(0x00280120, "SS", -1)
    dataset.save_as(tmp_path / "a.dcm")
    found = decoded(tmp_path)[0]
    assert (found[:8] == 0).all()
    assert len(np.unique(found[8:])) >= 200


@pytest.mark.parametrize(("one", "other"), [(-2000, -1500), (-1500, -2000)])
def test_a_range_of_padding(tmp_path: Path, one: int, other: int) -> None:
    pixels = (RAMP // 4).astype(np.int16)
    pixels[:4], pixels[4:8] = -2000, -1600
    write_scan(tmp_path / "a.dcm", pixels, **SIGNED, PixelPaddingValue=one, PixelPaddingRangeLimit=other)
    found = decoded(tmp_path)[0]
    assert (found[:8] == 0).all()
    assert len(np.unique(found[8:])) >= 200


@pytest.mark.parametrize("elements", [{}, {"WindowCenter": 512, "WindowWidth": 1024}])
def test_padding_is_black_where_low_values_are_white(tmp_path: Path, elements: dict[str, Any]) -> None:
    """MONOCHROME1: inverted, the padding would frame the image in white."""
    pixels = RAMP // 4
    pixels[:8] = 0
    pixels[8:] += 5
    write_scan(tmp_path / "a.dcm", pixels, PhotometricInterpretation="MONOCHROME1", PixelPaddingValue=0, **elements)
    found = decoded(tmp_path)[0]
    assert (found[:8] == 0).all()
    assert found[8].mean() > 200


def test_an_image_of_padding_alone_is_read(tmp_path: Path) -> None:
    write_scan(tmp_path / "a.dcm", np.full((64, 64), 7, np.uint16), PixelPaddingValue=7)
    assert len(np.unique(decoded(tmp_path))) == 1


def test_a_window_of_its_own_stays_an_images_own_beyond_ct(tmp_path: Path) -> None:
    for number, centre in enumerate((1000, 3000)):
        write_scan(tmp_path / f"{number}.dcm", RAMP, Modality="CR", WindowCenter=centre, WindowWidth=500)
    low, high = decoded(tmp_path)
    assert low[30].mean() == 255
    assert high[30].mean() == 0
