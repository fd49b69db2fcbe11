"""Image files as people bring them: turned, transparent, white at zero, in other formats, of more than 8 bits."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files import image_names
from experiments.training.data.files.folders import Folder
from experiments.training.data.images import headers, survey, verification
from experiments.training.data.images.pixels import blocks
from tests.experiments.training.data.test_images import deep_png
from tests.experiments.training.datasets import write_image

RAMP = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)  # 12 bits, brighter from row to row


def decoded(folder: Path, *names: str, size: int = 64, channels: int = 1) -> NDArray[np.uint8]:
    """Decode the images of a data set of its own; without names, all files of the folder."""
    files = Folder(folder, folder)
    chosen = names or tuple(files.sizes)
    scale = survey.look(files, chosen).scale
    return np.concatenate(list(blocks(files, chosen, size=size, channels=channels, scale=scale)))


def header(folder: Path, name: str) -> headers.Header:
    return headers.read(Folder(folder, folder), name)


def upright() -> NDArray[np.uint8]:
    """Draw a picture that no turn and no flip maps onto itself: smooth, so that JPEG keeps it."""
    rows, columns = np.mgrid[0:48, 0:64]
    drawn: NDArray[np.uint8] = (rows * 3 + columns).clip(0, 255).astype(np.uint8)
    return drawn


STORED: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.T,
    6: np.rot90,
    7: lambda pixels: np.rot90(pixels, 2).T,
    8: lambda pixels: np.rot90(pixels, -1),
}
"""How a camera stores a picture that EXIF then asks to turn, by EXIF's numbers."""


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("name", ["a.jpg", "a.jfif", "a.png", "a.webp", "a.tif"])
def test_pictures_are_turned_as_exif_asks(tmp_path: Path, name: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](upright())))
    kind = {"a.jfif": "JPEG"}.get(name)
    extra: dict[str, Any] = {"quality": 95} if name in ("a.jpg", "a.jfif") else {}
    extra |= {"lossless": True} if name == "a.webp" else {}
    stored.save(tmp_path / name, kind, exif=exif, **extra)
    Image.fromarray(upright()).save(tmp_path / "plain.png")
    difference = decoded(tmp_path, name, size=32).astype(int) - decoded(tmp_path, "plain.png", size=32)
    assert np.abs(difference).mean() < 1
    found = header(tmp_path, name)
    assert (found.width, found.height, found.turned) == (64, 48, orientation != 1)


def test_a_broken_note_beside_the_pixels_turns_nothing(tmp_path: Path) -> None:
    for number, exif in enumerate((b"Exif\0\0MM\0*\0\0\xff\xff", b"Exif\0\0", b"nonsense")):
        Image.fromarray(upright()).save(tmp_path / f"{number}.jpg", exif=exif, quality=95)
    strange = Image.Exif()
    strange[0x112] = 99
    Image.fromarray(upright()).save(tmp_path / "3.jpg", exif=strange, quality=95)
    found = decoded(tmp_path)
    assert (found == found[0]).all()


@pytest.mark.parametrize(
    ("mode", "below"),
    [("RGBA", (0, 0, 0, 0)), ("RGBA", (255, 0, 0, 0)), ("LA", (0, 0)), ("LA", (200, 0))],
)
def test_what_is_transparent_is_white_whatever_lies_below(tmp_path: Path, mode: str, below: tuple[int, ...]) -> None:
    image = Image.new(mode, (64, 64), below)
    opaque = (100, 100, 100, 255) if mode == "RGBA" else (100, 255)
    image.paste(opaque, (16, 16, 48, 48))
    image.paste((*opaque[:-1], 128), (0, 48, 64, 64))
    image.save(tmp_path / "a.png")
    found = decoded(tmp_path, "a.png", channels=3)[0]
    assert (found[:, :16, :] == 255).all()
    assert (found[:, 20:44, 20:44] == 100).all()
    assert (found[:, 50, 5] == round((100 * 128 + 255 * 127) / 255)).all()  # half through
    assert header(tmp_path, "a.png").transparent


def test_a_transparent_colour_without_an_alpha_channel(tmp_path: Path) -> None:
    for name, mode, colour, key in (("a.png", "L", 7, 7), ("b.png", "RGB", (7, 8, 9), (7, 8, 9)), ("c.gif", "P", 1, 1)):
        image = Image.new(mode, (64, 64), colour)
        if mode == "P":
            image.putpalette([0, 0, 0, 9, 9, 9])
        image.paste(0 if mode != "RGB" else (0, 0, 0), (0, 0, 64, 32))
        image.save(tmp_path / name, transparency=key)
        found = decoded(tmp_path, name)[0, 0]
        assert (found[:32] == 0).all(), name
        assert (found[32:] == 255).all(), name


def test_alpha_that_hides_nothing_changes_nothing(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(colours).save(tmp_path / "a.png")
    Image.fromarray(np.dstack([colours, np.full((64, 64), 255, np.uint8)])).save(tmp_path / "b.png")
    for channels in (1, 3):
        plain, layered = decoded(tmp_path, channels=channels)
        assert (plain == layered).all()


@pytest.mark.parametrize(
    "name", ["a.webp", "a.gif", "a.pgm", "a.PGM", "a.ppm", "a.pnm", "a.jp2", "a.j2k", "a.jfif", "a.jpe", "a.bmp"]
)
def test_other_formats(tmp_path: Path, name: str) -> None:
    kind = {".jfif": "JPEG", ".jpe": "JPEG"}.get(Path(name).suffix)
    options: dict[str, dict[str, Any]] = {".webp": {"lossless": True}, ".jfif": {"quality": 95}}
    extra = options.get(Path(name).suffix, {})
    Image.fromarray(upright()).save(tmp_path / name, kind, **extra)
    Image.fromarray(upright()).save(tmp_path / "b.png")
    found, plain = decoded(tmp_path, name, "b.png", size=32).astype(int)
    assert np.abs(found - plain).mean() < 2
    assert image_names.is_image(name)
    assert not image_names.is_dicom(name)
    assert verification.problem_of(Folder(tmp_path, tmp_path), name) is None


def test_greymaps_say_themselves_what_is_white(tmp_path: Path) -> None:
    (tmp_path / "a.pgm").write_bytes(b"P5 64 64 4095\n" + RAMP.astype(">u2").tobytes())
    (tmp_path / "b.pgm").write_text("P2 64 64 4095\n" + " ".join(map(str, RAMP.ravel())))
    expected = RAMP * 255.0 / 4095
    assert np.abs(decoded(tmp_path)[:, 0] - expected).max() <= 1


def test_of_an_animation_the_first_frame(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((64, 64), value, np.uint8)) for value in (10, 200, 90)]
    for name in ("a.gif", "a.webp", "a.png"):
        extra: dict[str, Any] = {"lossless": True} if name == "a.webp" else {}
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], **extra)
        assert (decoded(tmp_path, name) == 10).all(), name
        assert header(tmp_path, name).frames, name
    frames[0].save(tmp_path / "b.gif")
    assert not header(tmp_path, "b.gif").frames


def test_a_photograph_with_a_second_picture_behind_it(tmp_path: Path) -> None:
    """Telephones append a preview or a map of depths; the file still is a JPEG."""
    first, second = (Image.new("RGB", (64, 64), (value, value, value)) for value in (50, 200))
    first.save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=[second])
    assert np.abs(decoded(tmp_path, "a.jpg").astype(int) - 50).max() <= 1
    assert header(tmp_path, "a.jpg").frames


def test_a_preview_is_no_page(tmp_path: Path) -> None:
    page, preview = Image.fromarray(upright()), Image.fromarray(upright()[::4, ::4])
    preview.encoderinfo = {"tiffinfo": {254: 1}}
    page.save(tmp_path / "a.tif", save_all=True, append_images=[preview])
    page.save(tmp_path / "b.tif")
    with Image.open(tmp_path / "a.tif") as image:
        assert getattr(image, "n_frames", 1) == 2
    one, other = decoded(tmp_path, size=32)
    assert (one == other).all()


def tiff(path: Path, values: NDArray[Any], *, photometric: int, sample_format: int = 1) -> None:
    """Write one strip of grey, as instruments do: Pillow writes no 16 bits with white at zero."""
    rows, columns = values.shape
    fields = {256: columns, 257: rows, 258: values.itemsize * 8, 259: 1, 262: photometric, 273: 8, 277: 1, 278: rows}
    fields |= {279: values.nbytes, 339: sample_format}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields.items())
    start = struct.pack("<2sHI", b"II", 42, 8 + values.nbytes)
    path.write_bytes(start + values.tobytes() + struct.pack("<H", len(fields)) + entries + bytes(4))


@pytest.mark.parametrize(("kind", "white"), [("<u1", 255), ("<u2", 65535), ("<u2", 4095), ("<f4", 1)])
def test_where_zero_is_white(tmp_path: Path, kind: str, white: int) -> None:
    values = np.full((64, 64), white, kind)
    values[:16] = 0
    code = 3 if kind == "<f4" else 1
    tiff(tmp_path / "a.tif", values, photometric=0, sample_format=code)
    tiff(tmp_path / "b.tif", values, photometric=1, sample_format=code)
    inverted, plain = decoded(tmp_path)
    assert (inverted[0, :16] == 255).all()
    assert (plain[0, :16] == 0).all()
    assert np.abs(255.0 - inverted - plain).max() <= 1
    assert (inverted[0, 16:] == 0).all()
    assert header(tmp_path, "a.tif").white_zero == (kind != "<u1")  # of 8 bits Pillow inverts


def test_12_bits_in_files_of_16_keep_all_grey_levels(tmp_path: Path) -> None:
    for number in range(3):
        Image.fromarray(np.roll(RAMP, number, axis=1)).save(tmp_path / f"{number}.png")
    dim = RAMP // 5  # the highest value is 819: its own depth would be 10 bits
    Image.fromarray(dim).save(tmp_path / "3.tif")
    found = decoded(tmp_path)
    assert len(np.unique(found[0])) > 200
    assert np.abs(found[0, 0] - RAMP * 255.0 / 4095).max() <= 0.51
    assert np.abs(found[3, 0] - dim * 255.0 / 4095).max() <= 0.51  # by the data set's, not its own


def colour_tiff(path: Path, values: NDArray[np.uint16]) -> None:
    """Write one strip of 16-bit colours, which Pillow does not write."""
    rows, columns, _ = values.shape
    data = struct.pack("<3H", 16, 16, 16) + values.astype("<u2").tobytes()
    fields = {256: (4, 1, columns), 257: (4, 1, rows), 258: (3, 3, 8), 259: (4, 1, 1), 262: (4, 1, 2), 273: (4, 1, 14)}
    fields |= {277: (4, 1, 3), 278: (4, 1, rows), 279: (4, 1, values.nbytes)}
    entries = b"".join(struct.pack("<HHII", tag, *field) for tag, field in fields.items())
    path.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(data)) + data + struct.pack("<H", 9) + entries + bytes(4))


@pytest.mark.parametrize("write", [lambda path, values: path.write_bytes(deep_png(values)), colour_tiff])
@pytest.mark.parametrize(("white", "highest"), [(4095, 4095), (1023, 900), (16383, 16000), (65535, 60000)])
def test_12_bits_in_colour_files_of_16_keep_all_levels(
    tmp_path: Path, write: Callable[[Path, NDArray[np.uint16]], object], white: int, highest: int
) -> None:
    """Pillow gives the upper byte of each alone, which is 15 at most for 12 bits."""
    ramp = np.linspace(0, highest, 64 * 64).reshape(64, 64)
    values = np.stack([ramp, ramp / 2, ramp / 4], axis=2).astype(np.uint16)
    write(tmp_path / "a.png", values)
    write(tmp_path / "b.png", values // 3)
    found = decoded(tmp_path, channels=3)
    expected = values.transpose(2, 0, 1) * 255.0 / white
    assert np.abs(found[0] - expected).max() <= 1
    assert np.abs(found[1] - expected / 3).max() <= 1
    seen = header(tmp_path, "a.png")
    assert (seen.bits, seen.coloured, seen.deep) == (16, True, True)


@pytest.mark.parametrize("kind", ["<i2", "<i4", "<f4"])
def test_hounsfield_units_in_tiff(tmp_path: Path, kind: str) -> None:
    """Tissue of 0 and 50 HU has the same grey beside air alone and beside metal."""
    for number, most in enumerate((200, 3071, 200, 1500)):
        values = np.full((64, 64), -1000, kind)
        values[16:32], values[32:48] = 0, 50
        values[:4, :4] = most
        if number == 2:
            values[60:] = -2000  # padding
        tiff(tmp_path / f"{number}.tif", values, photometric=1, sample_format=2 if kind[1] == "i" else 3)
    found = decoded(tmp_path)[:, 0]
    assert set(found[:, 20, 20].tolist()) == {round(1000 * 255 / 2000)}
    assert set(found[:, 40, 40].tolist()) == {round(1050 * 255 / 2000)}
    assert set(found[:, 55, 55].tolist()) == {0}
    assert found[1, 0, 0] == 255


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"GIF89a" + bytes(50), "its content is damaged|not a PNG"),
        (b"<html>not found</html>", "not a PNG, JPEG, BMP, TIFF, GIF, WebP, PGM, PPM or JPEG 2000 image"),
        (b"P5 64 64 255\n" + bytes(100), "it is cut off"),
        (b"P5 99999 99999 255\n", "pixels are too many|too many pixels"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(20), "damaged|not a PNG"),
        (b"II*\x00\x08\x00\x00\x00\x01\x00", "a TIFF that is damaged"),
    ],
)
def test_what_cannot_be_read_is_told_in_our_words(tmp_path: Path, content: bytes, said: str) -> None:
    write_image(tmp_path / "good.png")
    (tmp_path / "bad.webp").write_bytes(content)
    with pytest.raises(SourceError, match=rf"bad\.webp cannot be read \([^)]*({said})") as caught:
        decoded(tmp_path, "good.png", "bad.webp")
    for foreign in ("PIL", "Error", "0x", "identify", "decoder", "<_io", "truncated", "NumPy", "broadcast"):
        assert foreign not in caught.value.message


def test_a_tiff_of_a_kind_that_is_not_read_is_called_a_tiff(tmp_path: Path) -> None:
    tiff(tmp_path / "a.tif", np.zeros((8, 8), "<f8"), photometric=1, sample_format=3)
    with pytest.raises(
        SourceError,
        match=r"a TIFF that is damaged or of a kind that is not read; save it as grey or RGB of 8 or 16 bits",
    ):
        decoded(tmp_path, "a.tif")
    assert verification.problem_of(Folder(tmp_path, tmp_path), "a.tif") is not None


@pytest.mark.parametrize("name", ["cut.png", "cut.jpg", "cut.bmp"])
def test_a_cut_file_is_refused_whatever_others_tell_pillow(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.effect_noise((64, 64), 40).save(tmp_path / name)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-1500])
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as own modules do, and WeasyPrint's import
    with pytest.raises(SourceError, match=rf"{name} cannot be read \(it is cut off"):
        decoded(tmp_path, name)


def test_a_file_too_large_to_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "MAX_BYTES", 2**10)
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.webp", lossless=True)
    with pytest.raises(SourceError, match="MiB are more than"):
        decoded(tmp_path, "a.webp")
