"""Pixels: what each kind of image file becomes."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.folders import Folder
from experiments.training.data.images import survey
from experiments.training.data.images.pixels import blocks
from tests.experiments.training.datasets import write_image

GRADIENT = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4


def decoded(folder: Path, *names: str, size: int = 8, channels: int = 1) -> NDArray[np.uint8]:
    files = Folder(folder, folder)
    scale = survey.look(files, names).scale
    pixels = np.concatenate(list(blocks(files, names, size=size, channels=channels, scale=scale)))
    assert pixels.dtype == np.uint8
    assert pixels.shape == (len(names), channels, size, size)
    return pixels


def test_a_grey_image_of_the_right_size_keeps_every_pixel(tmp_path: Path) -> None:
    for name in ("a.png", "b.bmp", "c.tif"):
        Image.fromarray(GRADIENT).save(tmp_path / name)
    assert (decoded(tmp_path, "a.png", "b.bmp", "c.tif") == GRADIENT).all()


def test_images_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for value in (3, 1, 2):
        write_image(tmp_path / f"{value}.png", value)
    assert decoded(tmp_path, "2.png", "3.png", "1.png")[:, 0, 0, 0].tolist() == [2, 3, 1]


def test_colour_has_its_channels_first_and_grey_is_its_luminance(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), (255, 100, 0)).save(tmp_path / "a.png")
    assert decoded(tmp_path, "a.png", channels=3)[0, :, 4, 4].tolist() == [255, 100, 0]
    assert decoded(tmp_path, "a.png")[0, 0, 4, 4] == round(0.299 * 255 + 0.587 * 100)  # ITU-R 601


def test_grey_in_colour_is_the_same_three_times(tmp_path: Path) -> None:
    Image.fromarray(GRADIENT).save(tmp_path / "a.png")
    assert (decoded(tmp_path, "a.png", channels=3) == GRADIENT).all()


def test_resizing_is_pillows_bilinear(tmp_path: Path) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 50), dtype=np.uint8))
    image.save(tmp_path / "a.png")
    expected = np.asarray(image.resize((12, 12), Image.Resampling.BILINEAR))
    assert (decoded(tmp_path, "a.png", size=12) == expected).all()


@pytest.mark.parametrize("extension", ["png", "tif"])
@pytest.mark.parametrize("channels", [1, 3])
def test_16_bits_are_scaled_to_8(tmp_path: Path, extension: str, channels: int) -> None:
    Image.fromarray(GRADIENT.astype(np.uint16) * 257).save(tmp_path / f"a.{extension}")
    assert (decoded(tmp_path, f"a.{extension}", channels=channels) == GRADIENT).all()


def test_16_bits_are_resized_too(tmp_path: Path) -> None:
    Image.fromarray(np.full((20, 20), 65535, dtype=np.uint16)).save(tmp_path / "a.png")
    assert (decoded(tmp_path, "a.png") == 255).all()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(GRADIENT / np.float32(255), GRADIENT, id="0 to 1"),
        pytest.param(GRADIENT * np.float32(10) - 200, np.round(GRADIENT / 252 * 255), id="anything else"),
        pytest.param(np.full((8, 8), 7, np.float32), np.zeros((8, 8)), id="one value"),
    ],
)
def test_floats_are_scaled(tmp_path: Path, values: NDArray[np.float32], expected: NDArray[np.float32]) -> None:
    Image.fromarray(values.astype(np.float32)).save(tmp_path / "a.tif")
    assert (decoded(tmp_path, "a.tif") == expected).all()


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    image.save(tmp_path / "a.png")
    assert decoded(tmp_path, "a.png", channels=3)[0, :, 0, 0].tolist() == [10, 200, 30]


def test_16_bits_of_either_byte_order(tmp_path: Path) -> None:
    deep = GRADIENT.astype(np.uint16) * 257
    Image.fromarray(deep).save(tmp_path / "a.tif")
    raw = (tmp_path / "a.tif").read_bytes()
    assert raw.startswith(b"II")
    (tmp_path / "b.tif").write_bytes(big_endian_tiff(deep))
    with Image.open(tmp_path / "b.tif") as image:
        assert image.mode == "I;16B"
    assert (decoded(tmp_path, "a.tif", "b.tif") == GRADIENT).all()


def big_endian_tiff(pixels: NDArray[np.uint16]) -> bytes:
    """Write one strip of 16-bit grey, as microscopes of the other byte order do."""
    rows, columns = pixels.shape
    data = pixels.astype(">u2").tobytes()
    fields = {256: columns, 257: rows, 258: 16, 259: 1, 262: 1, 273: 8, 277: 1, 278: rows, 279: len(data)}
    entries = b"".join(struct.pack(">HHII", tag, 4, 1, value) for tag, value in fields.items())
    return b"MM\0*" + struct.pack(">I", 8 + len(data)) + data + struct.pack(">H", len(fields)) + entries + bytes(4)


@pytest.mark.parametrize("channels", [1, 3])
def test_16_bits_in_colour(tmp_path: Path, channels: int) -> None:
    """Pillow reads such files and cannot write them."""
    colours = np.stack([GRADIENT, 255 - GRADIENT, GRADIENT // 2], axis=2).astype(np.uint16) * 257
    (tmp_path / "a.png").write_bytes(deep_png(colours))
    Image.fromarray((colours >> 8).astype(np.uint8)).save(tmp_path / "b.png")
    deep, flat = decoded(tmp_path, "a.png", "b.png", channels=channels)
    assert (deep == flat).all()


def deep_png(colours: NDArray[np.uint16]) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows, columns, _ = colours.shape
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in colours)
    header = struct.pack(">IIBBBBB", columns, rows, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def test_a_palette_with_transparency_and_few_colours(tmp_path: Path) -> None:
    image = Image.new("P", (20, 20), 1)
    image.putpalette([0, 0, 0, 10, 200, 30])
    image.paste(0, (0, 0, 10, 20))
    image.save(tmp_path / "a.png", bits=1, transparency=0)
    shown = decoded(tmp_path, "a.png", size=20, channels=3)[0]
    assert shown[:, 0, 19].tolist() == [10, 200, 30]
    assert shown[:, 0, 0].tolist() == [255, 255, 255]  # of the transparent colour, black as it is


def test_a_colour_jpeg_of_four_inks(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=95)
    red, green, blue = decoded(tmp_path, "a.jpg", channels=3)[0, :, 4, 4].tolist()
    assert red > 240
    assert max(green, blue) < 15


def test_of_a_stack_no_page_is_chosen_silently(tmp_path: Path) -> None:
    pages = [Image.new("L", (8, 8), value) for value in (1, 2, 3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(SourceError, match=r"a\.tif cannot be read \(it has 3 pages; save each"):
        decoded(tmp_path, "a.tif")


@pytest.mark.parametrize(("mode", "white"), [("1", 1), ("LA", (255, 9)), ("RGBA", (255, 255, 255, 9))])
def test_other_modes(tmp_path: Path, mode: str, white: int | tuple[int, ...]) -> None:
    Image.new(mode, (20, 20), white).save(tmp_path / "a.png")
    assert (decoded(tmp_path, "a.png") == 255).all()


def test_large_photographs(tmp_path: Path) -> None:
    Image.new("CMYK", (900, 1200), (0, 0, 0, 0)).save(tmp_path / "a.jpg")
    write_image(tmp_path / "b.jpg", 100, size=(1200, 900))
    pixels = decoded(tmp_path, "a.jpg", "b.jpg", size=28)
    assert (pixels[0] == 255).all()
    assert (pixels[1] == 100).all()


@pytest.mark.parametrize("content", [b"", b"text", None], ids=["empty", "text", "cut off"])
def test_an_unreadable_image_is_named(tmp_path: Path, content: bytes | None) -> None:
    write_image(tmp_path / "good.png")
    write_image(tmp_path / "bad.jpg", size=(64, 64))
    whole = (tmp_path / "bad.jpg").read_bytes()
    (tmp_path / "bad.jpg").write_bytes(whole[:-40] if content is None else content)
    with pytest.raises(SourceError, match=r"bad\.jpg cannot be read") as caught:
        decoded(tmp_path, "good.png", "bad.jpg")
    assert caught.value.field == "source_path"
