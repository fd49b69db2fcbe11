"""Lookup tables of DICOM files as scanners and converters write them, which is not always as the standard says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from experiments.training.contract.source_errors import SourceError
from experiments.training.data.files.folders import Folder
from experiments.training.data.images import lookup_tables, survey
from experiments.training.data.images.pixels import blocks
from tests.experiments.training.scans import write_scan

RAMP = np.linspace(0, 4095, 64 * 64).reshape(64, 64).astype(np.uint16)


def decoded(folder: Path, *, channels: int = 1) -> NDArray[np.uint8]:
    """Decode all scans of the folder, one data set."""
    files = Folder(folder, folder)
    names = tuple(files.sizes)
    scale = survey.look(files, names).scale
    return np.concatenate(list(blocks(files, names, size=64, channels=channels, scale=scale)))


def shown(folder: Path, pixels: NDArray[Any] = RAMP, **elements: Any) -> NDArray[np.uint8]:
    write_scan(folder / "a.dcm", pixels, **elements)
    grey: NDArray[np.uint8] = decoded(folder)[0, 0]
    return grey


def item(entries: NDArray[Any], *, bits: int, first: int = 0, count: int | None = None, kind: str = "<u2") -> Dataset:
    found = Dataset()
    found.LUTDescriptor = [len(entries) % 2**16 if count is None else count, first, bits]
    found.LUTData = entries.astype(kind).tobytes()
    return found


def to_bytes(values: NDArray[Any], low: float, high: float) -> NDArray[np.float64]:
    return ((values - low) * 255.0 / (high - low)).clip(0, 255)


ENTRIES = np.arange(4096)


@pytest.mark.parametrize(
    ("entries", "bits", "kind", "white"),
    [
        pytest.param(ENTRIES // 16, 8, "<u2", 255, id="8 bits in words"),
        pytest.param(ENTRIES // 16, 8, "u1", 255, id="8 bits in bytes"),
        pytest.param(ENTRIES // 16, 16, "<u2", 255, id="16 bits declared, 8 held"),
        pytest.param(ENTRIES // 4, 10, "<u2", 1023, id="10 bits"),
        pytest.param(ENTRIES, 12, "<u2", 4095, id="12 bits"),
        pytest.param(ENTRIES, 16, "<u2", 4095, id="16 bits declared, 12 held"),
        pytest.param(ENTRIES * 4, 14, "<u2", 16383, id="14 bits"),
        pytest.param(ENTRIES * 16, 16, "<u2", 65535, id="16 bits"),
        pytest.param(ENTRIES // 2, 12, "<u2", 2047, id="12 bits declared, 11 held"),
    ],
)
def test_a_voi_table_of_any_depth_keeps_the_grey_levels(
    tmp_path: Path, entries: NDArray[Any], bits: int, kind: str, white: int
) -> None:
    found = shown(tmp_path, VOILUTSequence=[item(entries, bits=bits, kind=kind)])
    white = 4095 if white == 2047 else white  # 11 bits are no usual depth
    assert np.abs(found - to_bytes(entries[RAMP], 0, white)).max() <= 0.51
    assert (np.diff(found.mean(axis=1)) >= 0).all()  # a gradient stays one, and becomes no saw
    assert len(np.unique(found)) > 100


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("kind", ["<u2", "u1"])
def test_a_modality_table_of_any_depth(tmp_path: Path, bits: int, kind: str) -> None:
    entries = ENTRIES // 16 if kind == "u1" else ENTRIES * (2**bits - 1) // 4095
    table = item(entries, bits=bits, kind=kind)
    table.ModalityLUTType = "US"
    found = shown(tmp_path, ModalityLUTSequence=[table])
    assert np.abs(found - to_bytes(entries[RAMP], 0, entries.max())).max() <= 1
    assert len(np.unique(found)) > 100


def test_a_table_of_256_packed_bytes_for_8_bits(tmp_path: Path) -> None:
    """Entries after CP-522: one byte each. Read as words there are half of them, and pydicom 3.0 refuses them."""
    pixels = (RAMP // 16).astype(np.uint8)
    falling = 255 - np.arange(256)
    table = item(falling, bits=8, kind="u1")
    assert len(table.LUTData) == 256
    found = shown(tmp_path, pixels, VOILUTSequence=[table])
    assert (found == 255 - pixels).all()
    table.ModalityLUTType = "US"
    found = shown(tmp_path, pixels, ModalityLUTSequence=[table])
    assert (found == 255 - pixels).all()


def test_an_odd_number_of_bytes_is_padded(tmp_path: Path) -> None:
    pixels = (RAMP // 17).astype(np.uint8)
    table = item(np.append(np.arange(241), 0), bits=8, kind="u1", count=241)
    assert (shown(tmp_path, pixels, VOILUTSequence=[table]) == pixels).all()


def test_a_full_table_says_zero_entries(tmp_path: Path) -> None:
    pixels = RAMP * 16
    table = item(65535 - np.arange(2**16), bits=16)
    assert table.LUTDescriptor[0] == 0
    found = shown(tmp_path, pixels, VOILUTSequence=[table], BitsStored=16, HighBit=15)
    assert np.abs(found - to_bytes(65535.0 - pixels, 0, 65535)).max() <= 0.51


@pytest.mark.parametrize(("kind", "first"), [("SS", -1024), ("US", 64512)])
def test_the_first_value_may_be_written_as_unsigned(tmp_path: Path, kind: str, first: int) -> None:
    """-1024 as 64512, after a rescaling that gives Hounsfield units."""
    table = item(ENTRIES, bits=12)
    table.add_new(0x00283002, kind, [4096, first, 12])
    found = shown(tmp_path, VOILUTSequence=[table], Modality="CT", RescaleIntercept=-1024, RescaleSlope=1)
    assert np.abs(found - to_bytes(RAMP, 0, 4095)).max() <= 0.51


def test_values_outside_the_table_get_its_ends(tmp_path: Path) -> None:
    table = item(np.array([100, 200, 255]), bits=8, first=1000)
    found = shown(tmp_path, VOILUTSequence=[table])
    assert found[0, 0] == 100
    assert found[-1, -1] == 255
    assert set(np.unique(found)) == {100, 200, 255}


def test_tables_of_one_data_set_share_their_white(tmp_path: Path) -> None:
    """A table of a dim exposure stays dim beside the others, as a viewer shows it."""
    write_scan(tmp_path / "a.dcm", RAMP, VOILUTSequence=[item(ENTRIES, bits=16)])
    write_scan(tmp_path / "b.dcm", RAMP, VOILUTSequence=[item(ENTRIES // 5, bits=16)], PatientID="p2")
    bright, dim = decoded(tmp_path)[:, 0]
    assert bright.max() == 255
    assert dim.max() == round(4095 // 5 * 255 / 4095)


def test_monochrome1_is_inverted_after_the_table(tmp_path: Path) -> None:
    found = shown(tmp_path, VOILUTSequence=[item(ENTRIES, bits=12)], PhotometricInterpretation="MONOCHROME1")
    assert np.abs(found - (255 - to_bytes(RAMP, 0, 4095))).max() <= 0.51


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"LUTDescriptor": [4096, 0]}, "its lookup table has no usable descriptor"),
        ({"LUTData": None}, "its lookup table has no usable entries"),
        ({"LUTData": bytes(100)}, "its lookup table is to have 4,096 entries and has 100 bytes"),
    ],
)
def test_a_broken_table_is_told_in_words_of_dicom(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    table = item(ENTRIES, bits=12)
    for keyword, value in changed.items():
        if value is None:
            del table[keyword]
        else:
            setattr(table, keyword, value)
    with pytest.raises(SourceError) as caught:
        shown(tmp_path, VOILUTSequence=[table])
    assert said in caught.value.message
    assert "uint" not in caught.value.message


def palette(*, bits: int, entries: NDArray[Any], kind: str = "<u2", first: int = 0) -> dict[str, Any]:
    elements: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR", "PixelRepresentation": 0}
    for number, colour in enumerate(("Red", "Green", "Blue")):
        elements[f"{colour}PaletteColorLookupTableDescriptor"] = [len(entries), first, bits]
        elements[f"{colour}PaletteColorLookupTableData"] = (entries >> number).astype(kind).tobytes()
    return elements


INDICES = np.tile(np.arange(64, dtype=np.uint8)[:, None] * 4, (1, 64))


@pytest.mark.parametrize(
    ("bits", "factor", "kind"),
    [(16, 1, "<u2"), (16, 256, "<u2"), (16, 257, "<u2"), (8, 1, "u1"), (8, 1, "<u2"), (16, 16, "<u2")],
)
def test_palettes_by_what_they_hold(tmp_path: Path, bits: int, factor: int, kind: str) -> None:
    """Old ultrasound declares 16 bits and holds 8: cut to the high byte, the picture is black."""
    write_scan(tmp_path / "a.dcm", INDICES, **palette(bits=bits, entries=np.arange(256) * factor, kind=kind))
    red, green, blue = decoded(tmp_path, channels=3)[0].astype(int)
    assert np.abs(red - INDICES).max() <= 1
    assert np.abs(green - INDICES // 2).max() <= 1
    assert np.abs(blue - INDICES // 4).max() <= 1


def test_a_palette_that_begins_later(tmp_path: Path) -> None:
    write_scan(tmp_path / "a.dcm", INDICES, **palette(bits=8, entries=np.arange(100, 200), kind="u1", first=100))
    red = decoded(tmp_path, channels=3)[0, 0]
    assert red.min() == 100
    assert red.max() == 199
    assert (red[30] == INDICES[30]).all()


def test_a_palette_in_segments() -> None:
    """One discrete and one linear segment: 0, 1000, then on to 65535."""
    dataset: Any = Dataset()
    dataset.file_meta = Dataset()
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    dataset.SegmentedRedPaletteColorLookupTableData = b"there"
    dataset.RedPaletteColorLookupTableDescriptor = [4, 0, 16]

    def expand(values: NDArray[Any], _dataset: Any) -> NDArray[np.uint16]:
        return np.stack([values * 20000] * 3, axis=-1).astype(np.uint16)

    first, colours = lookup_tables.palette(dataset, expand)
    assert first == 0
    assert colours[:, 0].tolist() == [0, 20000 >> 8, 40000 >> 8, 60000 >> 8]


def test_palettes_of_different_lengths_are_refused(tmp_path: Path) -> None:
    elements = palette(bits=8, entries=np.arange(256), kind="u1")
    elements["BluePaletteColorLookupTableDescriptor"] = [128, 0, 8]
    write_scan(tmp_path / "a.dcm", INDICES, **elements)
    with pytest.raises(SourceError, match="palette has tables of different sizes"):
        decoded(tmp_path)
