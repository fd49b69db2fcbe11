"""Turn a DICOM file into an image as a viewer shows it: modality LUT, VOI LUT or window, MONOCHROME1 inverted."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from experiments.training.data.images import dicom, rle

if TYPE_CHECKING:
    from pydicom import FileDataset

RLE = "1.2.840.10008.1.2.5"


def image(dataset: FileDataset) -> Image.Image:
    """Convert to mode L or RGB, or F with values from 0 to 255.

    Raises ValueError, and what pydicom raises on damaged pixels.
    """
    _refuse_hidden_size(dataset)
    if dataset.PhotometricInterpretation not in dicom.GREY:
        return Image.fromarray(_colours(dataset))
    stored = _pixels(dataset)
    shown = _shown(stored, dataset)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        shown = shown.dtype.type(255) - shown
    return Image.fromarray(shown)


def _pixels(dataset: FileDataset) -> NDArray[Any]:
    array: NDArray[Any] = dicom.library().pixels.pixel_array(dataset)
    return array


def _shown(stored: NDArray[Any], dataset: FileDataset) -> NDArray[Any]:
    """Map values to 0 … 255.

    By the file's own lookup table or window; 8-bit values stay as they are; others are scaled from lowest to highest.
    """
    values = _measured(stored, dataset)
    if not np.isfinite(values).all():
        raise ValueError("it holds values that are not numbers")
    if table := dataset.get("VOILUTSequence"):
        brightest = 2 ** int(table[0].LUTDescriptor[2]) - 1
        looked_up: NDArray[Any] = dicom.library().pixels.apply_voi(values, dataset)
        shown: NDArray[Any] = (looked_up * (255.0 / brightest)).astype(np.float32)
        return shown
    if window := _window(dataset):
        return np.multiply(_windowed(values, *window, _function(dataset)), np.float32(255))
    if values is stored and stored.dtype == np.uint8 and dataset.BitsStored == 8:
        return stored
    low, high = _extremes(stored, values, dataset)
    return (values.clip(low, high).astype(np.float32) - np.float32(low)) * np.float32(255 / max(high - low, 1e-12))


def _measured(stored: NDArray[Any], dataset: FileDataset) -> NDArray[Any]:
    """Convert to what the scanner measured, e.g. Hounsfield units, by the modality's table or slope and intercept."""
    if "ModalityLUTSequence" in dataset:
        return cast(NDArray[Any], dicom.library().pixels.apply_modality_lut(stored, dataset))
    slope, intercept = _first(dataset.get("RescaleSlope")), _first(dataset.get("RescaleIntercept"))
    if (slope, intercept) in ((None, None), (1.0, 0.0)):
        return stored
    exact: NDArray[Any] = stored.astype(np.float32 if stored.dtype.itemsize <= 2 else np.float64)
    np.multiply(exact, 1 if slope is None else slope, out=exact)
    np.add(exact, intercept or 0, out=exact)
    return exact


def _function(dataset: FileDataset) -> str:
    return str(dataset.get("VOILUTFunction") or "LINEAR")


def _window(dataset: FileDataset) -> tuple[float, float] | None:
    """Return centre and width of the first window; None where there is none or it is empty."""
    centre, width = (_first(dataset.get(keyword)) for keyword in ("WindowCenter", "WindowWidth"))
    narrowest = 1.0 if _function(dataset) == "LINEAR" else 1e-9
    return (centre, width) if centre is not None and width is not None and width >= narrowest else None


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


def _extremes(stored: NDArray[Any], values: NDArray[Any], dataset: FileDataset) -> tuple[float, float]:
    """Find the lowest and highest value, ignoring the one that pads the frame around a round or rotated image."""
    padding = dataset.get("PixelPaddingValue")
    inside = values[stored != padding] if padding is not None else values
    inside = inside if inside.size else values
    return float(inside.min()), float(inside.max())


def _colours(dataset: FileDataset) -> NDArray[np.uint8]:
    """Convert to uint8 (rows, columns, 3)."""
    array, bits = _pixels(dataset), int(dataset.BitsStored)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        array = dicom.library().pixels.apply_color_lut(array, dataset)
        bits = array.dtype.itemsize * 8
    return (array >> max(bits - 8, 0)).astype(np.uint8)


def _refuse_hidden_size(dataset: FileDataset) -> None:
    """Refuse packed pixels of another size than the header says, since only the header was checked."""
    if not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    frame = dicom.library().encaps.get_frame(dataset.PixelData, 0, number_of_frames=1)
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if dataset.file_meta.TransferSyntaxUID == RLE:
        rle.refuse_longer(frame, rows * columns)
        return
    try:
        with Image.open(io.BytesIO(frame), formats=("JPEG", "JPEG2000")) as packed:
            size = packed.size
    except UnidentifiedImageError:
        return  # left to any other decoder that is installed
    if size != (columns, rows):
        raise ValueError(f"its header says {columns} x {rows} pixels, its pixel data {size[0]} x {size[1]}")
