"""JPEG Lossless and JPEG-LS in DICOM files: decoded bit by bit, within the limits that hold for all others."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import gdcm
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import ImageFile

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.folders import Folder
from experiments.training.data.images import dicom, jpeg_headers, survey, verification
from experiments.training.data.images.image_faults import ImageFault
from experiments.training.data.images.pixels import blocks
from tests.experiments.training.scans import example, write_scan

LOSSLESS = ("JPEGLosslessProcess14_1", "JPEGLosslessProcess14", "JPEGLSLossless", "JPEGLSNearLossless")
NOISE = np.random.default_rng(0).integers(0, 4096, (64, 64)).astype(np.uint16)


def decoded(path: Path, *, channels: int = 1) -> NDArray[np.uint8]:
    files = Folder(path.parent, path.parent)
    scale = survey.look(files, [path.name]).scale
    [block] = blocks(files, [path.name], size=64, channels=channels, scale=scale)
    pixels: NDArray[np.uint8] = block[0]
    return pixels


def pack(path: Path, syntax: str) -> None:
    """Pack the file's pixels in place, as an archive of images does."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()


def packed(path: Path, pixels: NDArray[np.generic], syntax: str) -> pydicom.FileDataset:
    write_scan(path, pixels, WindowCenter=2048, WindowWidth=4096)
    pack(path, syntax)
    return pydicom.dcmread(path)


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize("kind", ["u1", "<u2", "<i2"])
def test_packed_without_loss_the_pixels_are_the_same(tmp_path: Path, syntax: str, kind: str) -> None:
    pixels = (NOISE // 16 if kind == "u1" else NOISE).astype(kind)
    write_scan(tmp_path / "a.dcm", pixels, BitsStored=8 * pixels.itemsize, HighBit=8 * pixels.itemsize - 1)
    plain = decoded(tmp_path / "a.dcm")
    pack(tmp_path / "a.dcm", syntax)
    assert pydicom.dcmread(tmp_path / "a.dcm").file_meta.TransferSyntaxUID in dicom.JPEG
    assert (decoded(tmp_path / "a.dcm") == plain).all()
    assert verification.problem_of(Folder(tmp_path, tmp_path), "a.dcm") is None


def test_colours_without_loss(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    write_scan(tmp_path / "a.dcm", colours)
    pack(tmp_path / "a.dcm", "JPEGLosslessProcess14_1")
    assert (decoded(tmp_path / "a.dcm", channels=3) == colours.transpose(2, 0, 1)).all()


def test_a_real_file_is_the_same_packed_by_another_program() -> None:
    assert (decoded(example("MR_small_jpeg_ls_lossless.dcm")) == decoded(example("MR_small.dcm"))).all()
    assert decoded(example("SC_rgb_jpeg_gdcm.dcm"), channels=3).std() > 10  # JPEG Lossless in spite of its name


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_a_header_that_lies_about_the_size_is_refused_before_decoding(tmp_path: Path, syntax: str) -> None:
    dataset = packed(tmp_path / "a.dcm", NOISE, syntax)
    dataset.Rows = 9
    dataset.save_as(tmp_path / "a.dcm")
    with pytest.raises(SourceError, match="its header says 64 x 9 pixels, its pixel data 64 x 64"):
        decoded(tmp_path / "a.dcm")
    dataset.Rows, dataset.SamplesPerPixel, dataset.PlanarConfiguration = 64, 3, 0
    dataset.PhotometricInterpretation = "RGB"
    dataset.save_as(tmp_path / "a.dcm")
    with pytest.raises(SourceError, match="its header says 3 samples of 16 bits, its pixel data 1 of 16"):
        decoded(tmp_path / "a.dcm")


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_fewer_bits_in_the_header_than_in_the_frame_are_refused(tmp_path: Path, syntax: str) -> None:
    dataset = packed(tmp_path / "a.dcm", NOISE, syntax)
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.save_as(tmp_path / "a.dcm")
    with pytest.raises(SourceError, match="its header says 1 samples of 8 bits, its pixel data 1 of 16"):
        decoded(tmp_path / "a.dcm")


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_cut_anywhere_it_is_refused_in_our_words(tmp_path: Path, syntax: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # as an own module may
    dataset = packed(tmp_path / "a.dcm", NOISE, syntax)
    frame = pydicom.encaps.get_frame(dataset.PixelData, 0, number_of_frames=1)
    for length in (2, 4, 12, 40, len(frame) // 2, len(frame) - 40):
        dataset.PixelData = pydicom.encaps.encapsulate([frame[:length]])
        dataset.save_as(tmp_path / "a.dcm")
        with pytest.raises(SourceError, match=r"a\.dcm cannot be read \(its (content|pixel data)") as caught:
            decoded(tmp_path / "a.dcm")
        assert "gdcm" not in caught.value.message


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_damaged_anywhere_the_process_lives(tmp_path: Path, syntax: str) -> None:
    dataset = packed(tmp_path / "a.dcm", NOISE, syntax)
    frame = bytearray(pydicom.encaps.get_frame(dataset.PixelData, 0, number_of_frames=1))
    random = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(frame)
        for place in random.integers(0, len(frame), 8):
            damaged[place] = random.integers(0, 256)
        dataset.PixelData = pydicom.encaps.encapsulate([bytes(damaged)])
        dataset.save_as(tmp_path / "a.dcm")
        with suppress(SourceError):  # which names the file, as tests above say
            assert decoded(tmp_path / "a.dcm").shape == (1, 64, 64)


def test_where_the_decoder_is_missing_the_way_to_install_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(tmp_path / "a.dcm", NOISE, "JPEGLSLossless")
    monkeypatch.setattr(dicom, "_readable", lambda uid: False)
    with pytest.raises(SourceError) as caught:
        decoded(tmp_path / "a.dcm")
    assert "JPEG-LS Lossless Image Compression (1.2.840.10008.1.2.4.80) is not supported" in caught.value.message
    assert "make setup EXTRAS=dicom" in caught.value.message


def test_pillow_goes_first_where_it_can(tmp_path: Path) -> None:
    chosen = {
        "SC_rgb_jpeg_dcmtk.dcm": "pillow",
        "MR_small_jp2klossless.dcm": "pillow",
        "MR_small_RLE.dcm": "pydicom",
        "MR_small_jpeg_ls_lossless.dcm": "gdcm",
        "MR_small.dcm": "",
    }
    assert {name: dicom.decoder(pydicom.dcmread(example(name))) for name in chosen} == chosen


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content


FRAME = bytes([16, 0, 64, 0, 48, 1])


@pytest.mark.parametrize("marker", [0xC0, 0xC1, 0xC2, 0xC3, 0xF7])
def test_the_header_of_a_frame(marker: int) -> None:
    content = b"\xff\xd8" + segment(0xE0, b"JFIF\0") + b"\xff\xff" + segment(marker, FRAME)[1:]
    assert jpeg_headers.read(content) == jpeg_headers.Frame(columns=48, rows=64, samples=1, bits=16)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no JPEG image"),
        (b"\x89PNG", "no JPEG image"),
        (b"\xff\xd8", "no header"),
        (b"\xff\xd8" + segment(0xE0, b"x" * 10), "no header"),
        (b"\xff\xd8" + segment(0xDA, b"") + segment(0xC0, FRAME), "no header"),
        (b"\xff\xd8\xff\xe0\0\0\xff\xc0", "no header"),
        (b"\xff\xd8" + segment(0xC0, FRAME[:3]), "broken header"),
        (b"\xff\xd8" + segment(0xC3, FRAME) + segment(0xC0, FRAME), "several headers"),
        (b"\xff\xd8" + segment(0xF7, FRAME) + segment(0xF8, b"\x04\x04\0\0\xff\xff\0\0\xff\xff"), "size twice"),
        (b"\xff\xd8" + b"\xff" * 1000, "no header"),
    ],
)
def test_frames_that_say_no_size_or_two(content: bytes, said: str) -> None:
    with pytest.raises(ImageFault, match=said):
        jpeg_headers.read(content)
