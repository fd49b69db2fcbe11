"""Read the lookup tables of DICOM files as real files have them, not only as the standard wants them.

Entries of 8 bits lie in bytes or in words; descriptors name 10, 12 or 14 bits, or 16 where the entries need fewer; a
first value below 0 is written as an unsigned one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from experiments.training.data.images.image_faults import ImageFault
from experiments.training.data.images.pixel_scale import depth_of

if TYPE_CHECKING:
    from pydicom import Dataset, FileDataset

MOST_ENTRIES = 2**16
COLOURS = ("Red", "Green", "Blue")
BIG_ENDIAN = "1.2.840.10008.1.2.2"


@dataclass(frozen=True)
class Table:
    """The `entries` for the values from `first` on; those below and above get the first and the last entry."""

    first: int
    entries: NDArray[np.uint16]

    @property
    def highest(self) -> int:
        """The highest entry."""
        return int(self.entries.max())

    def look_up(self, values: NDArray[Any]) -> NDArray[np.uint16]:
        """Return the entry for each value."""
        places = np.clip(_whole(values) - self.first, 0, len(self.entries) - 1)
        return self.entries[places]


def _whole(values: NDArray[Any]) -> NDArray[np.int64]:
    return (np.rint(values) if values.dtype.kind == "f" else values).astype(np.int64)


def grey(dataset: FileDataset, sequence: str, *, signed: bool) -> Table | None:
    """Return the first table of a sequence, None where there is none; raises ImageFault for a broken one.

    `signed` says whether the values to look up may be below 0.
    """
    items: Sequence[Dataset] | None = dataset.get(sequence)
    if not items:
        return None
    return _table(items[0].get("LUTDescriptor"), items[0].get("LUTData"), dataset, signed=signed)


def palette(dataset: FileDataset, expand: Any) -> tuple[int, NDArray[np.uint8]]:
    """Return the first value and the colours (entries, 3) of the values from there on; raises ImageFault.

    `expand` applies pydicom's own table, which knows those that are stored in segments.
    """
    if "SegmentedRedPaletteColorLookupTableData" in dataset:
        entries, first, _ = _descriptor(dataset.get("RedPaletteColorLookupTableDescriptor"), signed=_signed(dataset))
        values = np.arange(first, first + entries, dtype=np.int64)
        return first, _eight_bits(np.asarray(expand(values, dataset))[..., :3])
    tables = [
        _table(
            dataset.get(f"{colour}PaletteColorLookupTableDescriptor"),
            dataset.get(f"{colour}PaletteColorLookupTableData"),
            dataset,
            signed=_signed(dataset),
        )
        for colour in COLOURS
    ]
    if len({(table.first, len(table.entries)) for table in tables}) > 1:
        raise ImageFault("its palette has tables of different sizes")
    return tables[0].first, _eight_bits(np.stack([table.entries for table in tables], axis=1))


def _eight_bits(entries: NDArray[Any]) -> NDArray[np.uint8]:
    """Shift to 8 bits from the bits that the entries need, whatever their descriptor says."""
    return (entries >> max(depth_of(int(entries.max())) - 8, 0)).astype(np.uint8)


def _table(descriptor: Any, data: Any, dataset: FileDataset, *, signed: bool) -> Table:
    count, first, _ = _descriptor(descriptor, signed=signed)
    raw = _bytes(data)
    if len(raw) >= 2 * count:
        order = ">u2" if dataset.file_meta.TransferSyntaxUID == BIG_ENDIAN else "<u2"
        return Table(first, np.frombuffer(raw, order, count).astype(np.uint16))
    if len(raw) in (count, count + 1):  # one byte each, with one more to make the length even
        return Table(first, np.frombuffer(raw, np.uint8, count).astype(np.uint16))
    raise ImageFault(f"its lookup table is to have {count:,} entries and has {len(raw):,} bytes")


def _descriptor(value: Any, *, signed: bool) -> tuple[int, int, int]:
    """Return the number of entries, the first value that is looked up, and the bits of an entry."""
    try:
        count, first, bits = (int(number) for number in value)
    except (TypeError, ValueError) as error:
        raise ImageFault("its lookup table has no usable descriptor") from error
    wrapped = signed and first >= MOST_ENTRIES // 2
    return count % MOST_ENTRIES or MOST_ENTRIES, first - MOST_ENTRIES if wrapped else first, bits


def _bytes(data: Any) -> bytes:
    """Return the entries as they are stored; pydicom gives them as bytes, as one number or as several."""
    if isinstance(data, bytes):
        return data
    try:
        numbers = [int(number) % MOST_ENTRIES for number in (data if hasattr(data, "__len__") else [data])]
    except (TypeError, ValueError) as error:
        raise ImageFault("its lookup table has no usable entries") from error
    return np.array(numbers, "<u2").tobytes()


def _signed(dataset: FileDataset) -> bool:
    return bool(dataset.get("PixelRepresentation") == 1)
