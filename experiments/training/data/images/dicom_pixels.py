"""Turn a DICOM file into an image as a viewer shows it: modality LUT, VOI LUT or window, MONOCHROME1 inverted.

What has neither table nor window of its own becomes values, to which the data set's scale gives their grey.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from experiments.training.data.images import dicom, jpeg_headers, lookup_tables, rle, stored_values
from experiments.training.data.images.image_faults import ImageFault
from experiments.training.data.images.pixel_scale import COLOURS, HOUNSFIELD, Ends, Kind
from experiments.training.data.images.stored_values import StoredValues

if TYPE_CHECKING:
    from pydicom import Dataset, FileDataset

EIGHT, PALETTE = 8, "PALETTE COLOR"
RLE = "1.2.840.10008.1.2.5"


def decoded(dataset: FileDataset) -> Image.Image | StoredValues:
    """Decode to an image of mode L or RGB, one of mode F with values from 0 to 255, or to values that need a scale.

    Raises ImageFault, and what pydicom raises on damaged pixels.
    """
    _refuse_hidden_size(dataset)
    if dataset.PhotometricInterpretation not in dicom.GREY:
        return _colours(dataset)
    stored = _pixels(dataset)
    padding = _padding(stored, dataset)
    inverted = dataset.PhotometricInterpretation == "MONOCHROME1"
    values = _measured(stored, dataset)
    if table := lookup_tables.grey(dataset, "VOILUTSequence", signed=_may_be_negative(dataset)):
        kind = Kind("DICOM files with a lookup table", "depth")
        return StoredValues(table.look_up(values), kind, inverted, padding, table=(0.0, float(table.highest)))
    window = _window(dataset)
    if _is_hounsfield(dataset):
        return StoredValues(values, HOUNSFIELD, inverted, padding, window=_ends(window, dataset))
    if window:
        shown = np.multiply(_windowed(_finite(values), *window, _function(dataset)), np.float32(255))
        return stored_values.finished(shown, inverted=inverted, padding=padding)
    if values is stored and stored.dtype.kind == "u" and _bits(stored, dataset) == 8:
        plain = np.minimum(stored, 255).astype(np.uint8)
        return stored_values.finished(plain, inverted=inverted, padding=padding)
    return StoredValues(values, _kind(stored, dataset), inverted, padding)


def needs_scale(dataset: Dataset) -> bool:
    """Say by the header alone whether the file has values that the data set's scale must place, or may have them."""
    shown = dataset.get("PhotometricInterpretation")
    if shown not in dicom.GREY:
        return bool(shown != PALETTE and int(dataset.get("BitsStored") or EIGHT) > EIGHT)
    own = _window(dataset) and dataset.get("Modality") != "CT" and not dataset.get("VOILUTSequence")
    return not own


def _pixels(dataset: FileDataset) -> NDArray[Any]:
    array: NDArray[Any] = dicom.library().pixels.pixel_array(dataset, decoding_plugin=dicom.decoder(dataset))
    return array


def _measured(stored: NDArray[Any], dataset: FileDataset) -> NDArray[Any]:
    """Convert to what the scanner measured, e.g. Hounsfield units, by the modality's table or slope and intercept."""
    if table := lookup_tables.grey(dataset, "ModalityLUTSequence", signed=stored.dtype.kind == "i"):
        return table.look_up(stored)
    slope, intercept = _first(dataset.get("RescaleSlope")), _first(dataset.get("RescaleIntercept"))
    if (slope, intercept) in ((None, None), (1.0, 0.0)):
        return stored
    exact: NDArray[Any] = stored.astype(np.float32 if stored.dtype.itemsize <= 2 else np.float64)
    np.multiply(exact, 1 if slope is None else slope, out=exact)
    np.add(exact, intercept or 0, out=exact)
    return exact


def _may_be_negative(dataset: FileDataset) -> bool:
    return dataset.get("PixelRepresentation") == 1 or (_first(dataset.get("RescaleIntercept")) or 0) < 0


def _finite(values: NDArray[Any]) -> NDArray[Any]:
    if not np.isfinite(values).all():
        raise ImageFault("it holds values that are not numbers")
    return values


def _bits(stored: NDArray[Any], dataset: FileDataset) -> int:
    return min(int(dataset.get("BitsStored") or 64), stored.dtype.itemsize * 8)


def _kind(stored: NDArray[Any], dataset: FileDataset) -> Kind:
    """Name files whose values are comparable: of one modality, with as many bits."""
    modality = "".join(letter for letter in str(dataset.get("Modality") or "") if letter.isalnum())[:16]
    return Kind(f"{modality or 'DICOM'} files of {_bits(stored, dataset)} bits without a window", "extremes")


def _is_hounsfield(dataset: FileDataset) -> bool:
    """Return whether the values are Hounsfield units, which mean the same in all files: CT, rescaled or signed."""
    if dataset.get("Modality") != "CT" or _function(dataset) == "SIGMOID" or "ModalityLUTSequence" in dataset:
        return False
    return _may_be_negative(dataset)


def _function(dataset: Dataset) -> str:
    return str(dataset.get("VOILUTFunction") or "LINEAR")


def _window(dataset: Dataset) -> Ends | None:
    """Return centre and width of the first window; None where there is none or it is empty."""
    centre, width = (_first(dataset.get(keyword)) for keyword in ("WindowCenter", "WindowWidth"))
    narrowest = 1.0 if _function(dataset) == "LINEAR" else 1e-9
    return (centre, width) if centre is not None and width is not None and width >= narrowest else None


def _ends(window: Ends | None, dataset: FileDataset) -> Ends | None:
    """Return the values that a linear window shows black and white."""
    if window is None:
        return None
    centre, width = window
    if _function(dataset) == "LINEAR":
        centre, width = centre - 0.5, max(width - 1, 1e-6)
    return centre - width / 2, centre + width / 2


def _first(value: Any) -> float | None:
    if value in (None, "") or (hasattr(value, "__len__") and not len(value)):
        return None
    number = float(value[0] if hasattr(value, "__getitem__") and not isinstance(value, str) else value)
    return number if np.isfinite(number) else None


def _windowed(values: NDArray[Any], centre: float, width: float, function: str) -> NDArray[np.float32]:
    """Apply the window, giving 0 … 1, after part 3 of the DICOM standard, C.11.2.1.2 and C.11.2.1.3."""
    x = values.astype(np.float32)
    if function == "SIGMOID":
        return cast(
            NDArray[np.float32], 1 / (1 + np.exp((np.float32(-4 / width) * (x - np.float32(centre))).clip(-80, 80)))
        )
    if function == "LINEAR":
        centre, width = centre - 0.5, width - 1
        if not width:
            return (x > centre).astype(np.float32)
    return ((x - np.float32(centre)) * np.float32(1 / width) + np.float32(0.5)).clip(0, 1)


def _padding(stored: NDArray[Any], dataset: FileDataset) -> NDArray[np.bool_] | None:
    """Mark the pixels that only fill the frame around a round or rotated image; None where there are none."""
    value = _first(dataset.get("PixelPaddingValue"))
    if value is None:
        return None
    limit = _first(dataset.get("PixelPaddingRangeLimit"))
    ends = [_as_stored(end, stored, dataset) for end in (value, value if limit is None else limit)]
    found: NDArray[np.bool_] = (stored >= min(ends)) & (stored <= max(ends))
    return found if found.any() and not found.all() else None


def _as_stored(value: float, stored: NDArray[Any], dataset: FileDataset) -> float:
    """Read a value as the pixels are read: files write -2000 as 63536, and the other way round."""
    if stored.dtype.kind == "f":
        return value
    bits = _bits(stored, dataset)
    wrapped = int(value) % (1 << bits)
    negative = stored.dtype.kind == "i" and wrapped >> (bits - 1)
    return float(wrapped - (1 << bits) if negative else wrapped)


def _colours(dataset: FileDataset) -> Image.Image | StoredValues:
    """Convert to an image of mode RGB, or to values if they have more than 8 bits."""
    array = _pixels(dataset)
    if dataset.PhotometricInterpretation == PALETTE:
        first, colours = lookup_tables.palette(dataset, dicom.library().pixels.apply_color_lut)
        return Image.fromarray(colours[np.clip(array.astype(np.int64) - first, 0, len(colours) - 1)])
    if _bits(array, dataset) > EIGHT:
        return StoredValues(array, COLOURS)
    return Image.fromarray(array.astype(np.uint8))


def _refuse_hidden_size(dataset: FileDataset) -> None:
    """Refuse packed pixels of another size than the header says, since only the header was checked."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        return
    frame = dicom.library().encaps.get_frame(dataset.PixelData, 0, number_of_frames=1)
    columns, rows = int(dataset.Columns), int(dataset.Rows)
    if syntax == RLE:
        rle.refuse_longer(frame, rows * columns)
        return
    size = _jpeg_size(frame, dataset) if syntax in dicom.JPEG else _jpeg_2000_size(frame)
    if size != (columns, rows):
        raise ImageFault(f"its header says {columns} x {rows} pixels, its pixel data {size[0]} x {size[1]}")


def _jpeg_size(frame: bytes, dataset: FileDataset) -> tuple[int, int]:
    found = jpeg_headers.read(frame)
    samples = int(dataset.get("SamplesPerPixel") or 1)
    if found.samples != samples or found.bits > int(dataset.BitsAllocated):
        raise ImageFault(
            f"its header says {samples} samples of {dataset.BitsAllocated} bits, its pixel data {found.samples} of "
            f"{found.bits}"
        )
    return found.columns, found.rows


def _jpeg_2000_size(frame: bytes) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(frame), formats=("JPEG2000",)) as packed:
            return packed.size
    except UnidentifiedImageError as error:
        raise ImageFault("its pixel data are no JPEG 2000 image") from error
