"""DICOM files become what a viewer shows; pydicom's own operations, and the standard's formulas, say what that is."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut
from pydicom.uid import RLELossless

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.folders import Folder
from experiments.training.data.images import dicom, survey
from experiments.training.data.images.pixels import blocks
from tests.experiments.training.scans import GRADIENT, dataset_of, example, write_scan

EIGHT_BITS = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4


def decoded(path: Path, *, size: int = 8, channels: int = 1) -> NDArray[np.uint8]:
    """Decode the only image, channels first."""
    files = Folder(path.parent, path.parent)
    scale = survey.look(files, [path.name]).scale
    [block] = blocks(files, [path.name], size=size, channels=channels, scale=scale)
    pixels: NDArray[np.uint8] = block[0]
    return pixels


def shown(tmp_path: Path, pixels: NDArray[Any] = GRADIENT, **elements: Any) -> NDArray[np.uint8]:
    write_scan(tmp_path / "a.dcm", pixels, **elements)
    grey: NDArray[np.uint8] = decoded(tmp_path / "a.dcm")[0]
    return grey


def to_bytes(values: NDArray[Any], low: float, high: float) -> NDArray[np.float64]:
    return ((values - low) * 255.0 / (high - low)).clip(0, 255).round()


def test_8_bits_are_the_pixels_of_the_same_png(tmp_path: Path) -> None:
    Image.fromarray(EIGHT_BITS).save(tmp_path / "a.png")
    assert (shown(tmp_path, EIGHT_BITS) == decoded(tmp_path / "a.png")[0]).all()
    assert (shown(tmp_path, EIGHT_BITS, RescaleSlope=1, RescaleIntercept=0) == EIGHT_BITS).all()


def test_more_bits_without_a_window_go_from_the_lowest_to_the_highest_value(tmp_path: Path) -> None:
    assert (shown(tmp_path, GRADIENT + 100) == to_bytes(GRADIENT, 0, 63 * 60)).all()
    signed = GRADIENT.astype(np.int16) - 1500
    assert (shown(tmp_path, signed, BitsStored=16, HighBit=15) == to_bytes(GRADIENT, 0, 63 * 60)).all()


def test_padding_around_the_image_does_not_stretch_its_range(tmp_path: Path) -> None:
    pixels = GRADIENT.astype(np.int16)
    pixels[0] = -2000
    grey = shown(tmp_path, pixels, BitsStored=16, HighBit=15, PixelPaddingValue=-2000)
    assert (grey[1:] == to_bytes(GRADIENT, 8 * 60, 63 * 60)[1:]).all()
    assert (grey[0] == 0).all()


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID", None])
@pytest.mark.parametrize(("slope", "intercept"), [(None, None), (2, -1024), (0.5, 10)])
def test_a_window_after_the_rescaling(
    tmp_path: Path, function: str | None, slope: float | None, intercept: float | None
) -> None:
    elements: dict[str, Any] = {
        "WindowCenter": 1500,
        "WindowWidth": 2000,
        "VOILUTFunction": function,
        "RescaleSlope": slope,
        "RescaleIntercept": intercept,
    }
    dataset = dataset_of(**elements)
    expected = apply_voi_lut(np.asarray(apply_modality_lut(GRADIENT, dataset)), dataset)
    low, high = (end * (slope or 1) + (intercept or 0) for end in (0, 4095))  # what pydicom maps the window's ends to
    assert np.abs(shown(tmp_path, **elements) - to_bytes(expected, low, high)).max() <= 1
    assert len(np.unique(shown(tmp_path, **elements))) > 10


def test_the_linear_window_of_the_standard(tmp_path: Path) -> None:
    """C.11.2.1.2.1, its example: centre 2048, width 4096 is the identity of 12 bits."""
    assert (shown(tmp_path, WindowCenter=2048, WindowWidth=4096) == to_bytes(GRADIENT, 0, 4095)).all()
    step = shown(tmp_path, WindowCenter=600, WindowWidth=1)  # at or below 599.5 black, else white
    assert (step == np.where(GRADIENT >= 600, 255, 0)).all()


def test_of_several_windows_the_first(tmp_path: Path) -> None:
    several = shown(tmp_path, WindowCenter=[2048, 40], WindowWidth=[4096, 80])
    assert (several == shown(tmp_path, WindowCenter=2048, WindowWidth=4096)).all()


@pytest.mark.parametrize("window", [("", ""), (100, 0), (None, 100)])
def test_a_window_that_says_nothing_is_none(tmp_path: Path, window: tuple[Any, Any]) -> None:
    assert (shown(tmp_path, WindowCenter=window[0], WindowWidth=window[1]) == shown(tmp_path)).all()


def table_of(values: list[int], bits: int) -> list[Dataset]:
    item = Dataset()
    item.LUTDescriptor = [len(values), 0, bits]
    item.LUTData = np.array(values, np.uint16).tobytes()
    return [item]


def test_lookup_tables(tmp_path: Path) -> None:
    pixels = np.arange(64, dtype=np.uint16).reshape(8, 8)
    squares = table_of([n * n for n in range(64)], 16)
    for item in squares:
        item.ModalityLUTType = "US"
    assert (shown(tmp_path, pixels, ModalityLUTSequence=squares) == to_bytes(pixels**2, 0, 63**2)).all()
    falling = table_of([1023 - 10 * n for n in range(64)], 10)
    expected = to_bytes(1023 - 10 * pixels.astype(int), 0, 1023)
    assert (shown(tmp_path, pixels, VOILUTSequence=falling) == expected).all()
    # the table goes before a window, as it is the more exact of the two
    assert (shown(tmp_path, pixels, VOILUTSequence=falling, WindowCenter=5, WindowWidth=3) == expected).all()


def test_monochrome1_is_inverted(tmp_path: Path) -> None:
    """There, low values are bright; a network must not meet both kinds."""
    for pixels, elements in ((EIGHT_BITS, {}), (GRADIENT, {"WindowCenter": 2048, "WindowWidth": 4096})):
        bright = shown(tmp_path, pixels, PhotometricInterpretation="MONOCHROME1", **elements)
        assert np.abs(255.0 - bright - shown(tmp_path, pixels, **elements)).max() <= 1  # .5 is rounded to even twice


def test_floats_and_single_bits(tmp_path: Path) -> None:
    floats = (GRADIENT / 4000).astype(np.float32)
    elements = {"PixelData": None, "FloatPixelData": floats.tobytes(), "BitsStored": None, "HighBit": None}
    assert (shown(tmp_path, floats, **elements, PixelRepresentation=None) == to_bytes(GRADIENT, 0, 63 * 60)).all()
    mask = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0, "PixelData": b"\x0f" * 8}
    assert (shown(tmp_path, GRADIENT, **mask) == [255] * 4 + [0] * 4).all()
    with pytest.raises(SourceError, match="none that are numbers"):
        shown(tmp_path, floats, **{**elements, "FloatPixelData": (floats * np.nan).tobytes()})


def test_colours(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    write_scan(tmp_path / "a.dcm", colours)
    assert (decoded(tmp_path / "a.dcm", channels=3) == colours.transpose(2, 0, 1)).all()
    Image.fromarray(colours).save(tmp_path / "a.png")
    assert (decoded(tmp_path / "a.dcm") == decoded(tmp_path / "a.png")).all()
    palette = pydicom.dcmread(example("examples_palette.dcm"))
    looked_up = apply_color_lut(palette.pixel_array, palette)
    expected = Image.fromarray((looked_up >> 8).astype(np.uint8)).resize((50, 50), Image.Resampling.BILINEAR)
    assert (
        decoded(example("examples_palette.dcm"), size=50, channels=3) == np.asarray(expected).transpose(2, 0, 1)
    ).all()


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("MR_small_RLE.dcm", "MR_small.dcm"),
        ("MR_small_bigendian.dcm", "MR_small.dcm"),
        ("MR_small_implicit.dcm", "MR_small.dcm"),
        ("MR_small_jp2klossless.dcm", "MR_small.dcm"),
        ("liver_expb_1frame.dcm", "liver_1frame.dcm"),
        ("SC_rgb_small_odd_big_endian.dcm", "SC_rgb_small_odd.dcm"),
    ],
)
def test_real_files_are_the_same_however_they_are_packed(name: str, plain: str) -> None:
    assert (decoded(example(name), size=40) == decoded(example(plain), size=40)).all()
    assert decoded(example(name), size=40).std() > 10


@pytest.mark.parametrize("name", ["SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_rle_16bit.dcm"])
def test_real_colour_files_agree_with_each_other(name: str) -> None:
    """JPEG Baseline in RGB and in YCbCr, and run lengths, of the same picture."""
    difference = decoded(example(name), size=50, channels=3).astype(int) - decoded(
        example("SC_rgb_rle.dcm"), size=50, channels=3
    )
    assert np.abs(difference).mean() < 3


def test_a_real_computed_tomogram_by_its_numbers(tmp_path: Path) -> None:
    dataset = pydicom.dcmread(example("CT_small.dcm"))
    hounsfield = dataset.pixel_array.astype(float) * dataset.RescaleSlope + dataset.RescaleIntercept
    expected = to_bytes(hounsfield, -1000, 1000)
    assert np.abs(decoded(example("CT_small.dcm"), size=128)[0] - expected).max() <= 1
    dataset.WindowCenter, dataset.WindowWidth = 40, 400  # soft tissue
    dataset.save_as(tmp_path / "a.dcm")
    soft = to_bytes(hounsfield, 40 - 0.5 - 399 / 2, 40 - 0.5 + 399 / 2)
    assert np.abs(decoded(tmp_path / "a.dcm", size=128)[0] - soft).max() <= 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("rtplan.dcm", "rtplan.dcm cannot be read (it has no pixel data"),
        ("rtdose.dcm", "it has 15 frames; save each"),
        ("JPGExtended.dcm", "JPEG Extended (Process 2 and 4) is not supported beyond 8 bits; convert"),
        ("image_dfl.dcm", "Deflated Explicit VR Little Endian"),
        ("meta_missing_tsyntax.dcm", "no transfer syntax"),
        ("MR_truncated.dcm", "it is cut off: 8,130 of 8,192 bytes"),
        ("rtstruct.dcm", "not a DICOM file"),  # without the preamble
        ("badVR.dcm", "its header is broken (NumberOfFrames is 1A)"),
    ],
)
def test_real_files_that_cannot_be_trained_on_are_named_with_the_reason(name: str, said: str) -> None:
    with pytest.raises(SourceError) as caught:
        decoded(example(name))
    assert caught.value.field == "source_path"
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        ({"Rows": 40_000, "Columns": 40_000}, "40000 x 40000 pixels are too many"),
        ({"Rows": 0}, "header is broken (0 rows, 8 columns"),
        ({"BitsAllocated": 17}, "samples of 17 bits"),
        ({"SamplesPerPixel": 200}, "200 samples"),
        ({"PhotometricInterpretation": "HSV"}, "photometric interpretation HSV is not supported"),
        ({"NumberOfFrames": 2}, "2 frames"),
        ({"Rows": 16}, "cut off: 128 of 256 bytes"),
    ],
)
def test_headers_that_lie(tmp_path: Path, elements: dict[str, Any], said: str) -> None:
    with pytest.raises(SourceError) as caught:
        shown(tmp_path, **elements)
    assert said in caught.value.message


def test_a_packed_image_larger_than_its_header_says_is_not_unpacked(tmp_path: Path) -> None:
    for name in ("MR_small_jp2klossless.dcm", "SC_rgb_jpeg_dcmtk.dcm"):
        dataset = pydicom.dcmread(example(name))
        dataset.Rows = 9
        dataset.save_as(tmp_path / "a.dcm")
        with pytest.raises(SourceError, match=r"its header says \d+ x 9 pixels, its pixel data"):
            decoded(tmp_path / "a.dcm")


def test_a_run_length_bomb_is_not_unpacked(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8), np.uint8)
    dataset = dataset_of(pixels)
    dataset.compress(RLELossless, pixels)
    dataset.save_as(tmp_path / "good.dcm", enforce_file_format=True)
    assert (decoded(tmp_path / "good.dcm") == 0).all()
    frame = (1).to_bytes(4, "little") + (64).to_bytes(4, "little") + bytes(56) + b"\x81\x00" * 500_000  # 64 million
    dataset.PixelData = pydicom.encaps.encapsulate([frame])
    dataset.save_as(tmp_path / "bomb.dcm", enforce_file_format=True)
    with pytest.raises(SourceError, match=r"bomb\.dcm cannot be read \(its pixel data unpack to more"):
        decoded(tmp_path / "bomb.dcm")


def test_a_file_too_large_to_be_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom, "MAX_BYTES", 2**20 - 1)
    write_scan(tmp_path / "a.dcm", np.zeros((1024, 1024), np.uint8))
    with pytest.raises(SourceError, match="MiB are more than"):
        decoded(tmp_path / "a.dcm")


def test_cut_anywhere_a_file_is_refused_and_never_crashes(tmp_path: Path) -> None:
    whole = example("MR_small_RLE.dcm").read_bytes()
    for length in (0, 100, 131, 132, 140, 400, 1500, len(whole) // 2):
        (tmp_path / "a.dcm").write_bytes(whole[:length])
        with pytest.raises(SourceError, match=r"a\.dcm cannot be read"):
            decoded(tmp_path / "a.dcm")
    shutil.copy(example("MR_small_RLE.dcm"), tmp_path / "a.dcm")
    assert decoded(tmp_path / "a.dcm").std() > 10
