"""Files of more than 8 bits with transparency, lost signs, offsets, and a scale of their own; and colours of scans."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from experiments.training.data.files.folders import Folder
from experiments.training.data.images import headers, survey
from experiments.training.data.images.image_faults import ImageFault
from experiments.training.data.images.pixel_scale import COLOURS, FRACTIONS
from experiments.training.data.images.stored_values import StoredValues
from experiments.training.data.pixel_reading import findings
from tests.experiments.training.data.test_raster_files import colour_tiff, decoded, header, tiff
from tests.experiments.training.scans import write_scan

RAMP = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)  # 12 bits, brighter from row to row
WHITE = 255
KINDS = {1: 0, 2: 4, 3: 2, 4: 6}
"""PNG's numbers for grey, grey with alpha, colours, colours with alpha, by how many values a pixel has."""


def png(path: Path, values: NDArray[np.uint16], clear: tuple[int, ...] = ()) -> None:
    """Write 16 bits of any kind, with one transparent colour if it is given; Pillow writes grey alone."""
    rows, columns, samples = values.shape

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    lines = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    parts = chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 16, KINDS[samples], 0, 0, 0))
    parts += chunk(b"tRNS", struct.pack(f">{len(clear)}H", *clear)) if clear else b""
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def layers(*values: NDArray[np.uint16]) -> NDArray[np.uint16]:
    return np.stack(values, axis=2)


def told(folder: Path) -> dict[str, str]:
    """Return what is told of the images of a folder, by code."""
    files = Folder(folder, folder)
    found = survey.look(files, tuple(files.sizes))
    inputs = survey.Inputs(64, 1, found.scale, survey.ASKED)
    return {finding.code: finding.text for finding in findings(found, inputs)}


@pytest.mark.parametrize("samples", [2, 4])
def test_alpha_of_16_bits_costs_no_levels(tmp_path: Path, samples: int) -> None:
    """Pillow gives the upper bytes alone, of which 12 bits leave 16 levels."""
    opaque = np.full_like(RAMP, 65535)
    png(tmp_path / "a.png", layers(*[RAMP] * (samples - 1), opaque))
    [found] = decoded(tmp_path)
    assert np.abs(found[0] - RAMP * 255.0 / 4095).max() <= 1
    seen = header(tmp_path, "a.png")
    assert (seen.deep, seen.coloured, seen.transparent) == (True, True, True)


@pytest.mark.parametrize("samples", [2, 4])
def test_what_is_transparent_in_16_bits_is_white_and_counts_for_no_range(tmp_path: Path, samples: int) -> None:
    values, alpha = RAMP.copy(), np.full_like(RAMP, 65535)
    values[:16], alpha[:16] = 60000, 0  # what lies below counts neither for the picture nor for the depth
    alpha[16:32] = 0x8000
    png(tmp_path / "a.png", layers(*[values] * (samples - 1), alpha))
    [[found]] = decoded(tmp_path)
    plain = RAMP * 255.0 / 4095
    assert (found[:16] == WHITE).all()
    assert np.abs(found[16:32] - (plain[16:32] + WHITE) / 2).max() <= 2
    assert np.abs(found[32:] - plain[32:]).max() <= 1


def test_one_transparent_grey_and_one_transparent_colour_of_16_bits(tmp_path: Path) -> None:
    png(tmp_path / "a.png", RAMP[..., np.newaxis], clear=(0,))
    png(tmp_path / "b.png", layers(RAMP, RAMP, RAMP), clear=(0, 0, 0))
    grey, colour = decoded(tmp_path)[:, 0]
    for found in (grey, colour):
        assert found[0, 0] == WHITE
        assert np.abs(found - RAMP * 255.0 / 4095)[RAMP > 0].max() <= 1


def test_colours_without_transparency_are_unchanged(tmp_path: Path) -> None:
    values = layers(RAMP, RAMP // 2, RAMP // 4)
    png(tmp_path / "a.png", values)
    colour_tiff(tmp_path / "b.tif", values)
    one, other = decoded(tmp_path, channels=3)
    assert (one == other).all()
    assert np.abs(one - values.transpose(2, 0, 1) * 255.0 / 4095).max() <= 1


@pytest.mark.parametrize("most", [1023, 4000, 4095, 16383])
@pytest.mark.parametrize("plain", [False, True])
def test_greymaps_of_more_than_8_bits_keep_their_values(tmp_path: Path, most: int, *, plain: bool) -> None:
    """Pillow stretches them to 16 bits, so that they would be brighter than the same values in a PNG."""
    values = (RAMP.astype(np.uint32) * most // 4095).astype(np.uint16)
    cells = " ".join(map(str, values.ravel().tolist())).encode() if plain else values.astype(">u2").tobytes()
    (tmp_path / "a.pgm").write_bytes(b"P%d\n64 64\n%d\n" % (2 if plain else 5, most) + cells)
    Image.fromarray(values).save(tmp_path / "b.png")
    one, other = decoded(tmp_path)
    assert (one == other).all()
    assert len(np.unique(one)) > 200


def test_colours_of_scans_keep_the_levels_of_the_bits_that_they_need(tmp_path: Path) -> None:
    """A scan says 16 bits and holds 12; of the upper bytes 16 levels would be left."""
    values = layers(RAMP, RAMP // 2, RAMP // 4)
    write_scan(tmp_path / "a.dcm", values, BitsStored=16, HighBit=15)
    write_scan(tmp_path / "b.dcm", values // 3, BitsStored=12, HighBit=11)
    one, other = decoded(tmp_path, channels=3)
    expected = values.transpose(2, 0, 1) * 255.0 / 4095
    assert np.abs(one - expected).max() <= 1
    assert np.abs(other - expected / 3).max() <= 1
    seen = headers.read(Folder(tmp_path, tmp_path), "a.dcm")
    assert (seen.deep, seen.coloured) == (True, True)
    assert "12 bits that their values need" in told(tmp_path)["pixel_scale"]


@pytest.mark.parametrize("dim", [1.0, 0.6])
def test_fractions_that_are_levels_of_8_bits_stay_as_they_are(tmp_path: Path, dim: float) -> None:
    values = (RAMP * (dim * 255 / 4095)).astype("<f4")
    tiff(tmp_path / "a.tif", values, photometric=1, sample_format=3)
    Image.fromarray(values.astype(np.uint8)).save(tmp_path / "b.png")
    one, other = decoded(tmp_path)
    assert np.abs(one.astype(int) - other).max() <= 1
    assert "levels from 0 to 255" in told(tmp_path)["pixel_scale"]


@pytest.mark.parametrize("highest", [1.0, 90.0, 300.0])
def test_other_fractions_are_no_levels(tmp_path: Path, highest: float) -> None:
    tiff(tmp_path / "a.tif", (RAMP * (highest / 4095)).astype("<f4"), photometric=1, sample_format=3)
    [[found]] = decoded(tmp_path)
    assert found.max() == WHITE
    assert "levels" not in told(tmp_path)["pixel_scale"]


def test_a_frame_of_zeros_far_below_the_picture_does_not_take_its_levels(tmp_path: Path) -> None:
    """DeepLesion stores Hounsfield units + 32,768, and 0 around them: of 4,096 levels 16 would be left."""
    values = RAMP + 31768
    values[:6] = 0
    Image.fromarray(values).save(tmp_path / "a.png")
    Image.fromarray(RAMP + 31768).save(tmp_path / "b.png")
    one, other = decoded(tmp_path)[:, 0]
    assert (one[:6] == 0).all()
    assert (one[6:] == other[6:]).all()
    assert len(np.unique(one)) > 200


def test_zero_is_a_value_where_others_lie_near_or_are_few() -> None:
    dark_and_bright = np.concatenate([np.zeros(2000, np.uint16), np.full(2000, 1000, np.uint16)])
    pictures = np.concatenate([np.zeros(2000, np.uint16), np.arange(2000, dtype=np.uint16) + 500])
    for values in (dark_and_bright, pictures):
        assert StoredValues(values.reshape(40, 100), COLOURS).extremes().low == 0


def test_lost_signs_are_told(tmp_path: Path) -> None:
    signed = RAMP.astype(np.int16) // 2 - 1000
    Image.fromarray(signed.view(np.uint16)).save(tmp_path / "a.png")
    text = told(tmp_path)["wrapped_values"]
    assert "1 of the grey files of more than 8 bits looked at hold values up to 8,192 and from 57,344 on" in text
    assert "save them with their sign" in text


DRAWING = np.where(RAMP % 7 > 3, 65535 - RAMP % 9, RAMP % 5).astype(np.uint16)  # black and white, and a little noise


@pytest.mark.parametrize("values", [RAMP, RAMP * 16, RAMP // 2 + 58000, DRAWING])
def test_other_values_lost_no_signs(tmp_path: Path, values: NDArray[np.uint16]) -> None:
    Image.fromarray(values).save(tmp_path / "a.png")
    assert "wrapped_values" not in told(tmp_path)


@pytest.mark.parametrize("negative", [False, True])
def test_pixels_without_a_value_are_black_and_told(tmp_path: Path, negative: bool) -> None:
    """An organ that was cut out lies in NaN: what is around it shows nothing, and does not change the range."""
    organ = RAMP.astype(np.float32) - (2000 if negative else -100)
    for name, size in (("a", 8), ("b", 20)):
        values = np.full_like(organ, np.nan)
        values[size:-size, size:-size] = organ[size:-size, size:-size]
        Image.fromarray(values).save(tmp_path / f"{name}.tif")
    first, _ = decoded(tmp_path)
    assert first[0, :8].max() == 0
    assert first[0, 32, 32] > 100
    assert first[0, 55, 40] > first[0, 9, 40]
    assert (
        "2 of the files of numbers with fractions looked at have pixels without a value"
        in (told(tmp_path)["pixels_without_value"])
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_images_without_any_value_or_with_infinite_ones_are_refused_with_the_cure(value: float) -> None:
    values = np.full((8, 8), value, np.float32)
    padding = np.isnan(values) if np.isnan(value) else None
    with pytest.raises(ImageFault, match="save it with numbers, NaN only where nothing is shown"):
        StoredValues(values, FRACTIONS, padding=padding)


def test_files_without_gaps_are_not_told_of(tmp_path: Path) -> None:
    Image.fromarray(RAMP.astype(np.float32)).save(tmp_path / "a.tif")
    assert "pixels_without_value" not in told(tmp_path)
