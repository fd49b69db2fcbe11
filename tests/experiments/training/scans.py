"""DICOM files, made as scanners make them: a few numbers that a test can check, and the header they need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

GRADIENT = (np.arange(64, dtype=np.uint16) * 60).reshape(8, 8)  # 12 bits


def dataset_of(pixels: NDArray[Any] = GRADIENT, **elements: Any) -> pydicom.Dataset:
    """Make a grey data set without a window; `elements` go by their keywords, None leaves one out."""
    rows, columns = pixels.shape[:2]
    colour = pixels.ndim == 3
    bits = pixels.dtype.itemsize * 8
    header = {
        "SOPClassUID": SecondaryCaptureImageStorage,
        "SOPInstanceUID": generate_uid(),
        "Modality": "CR",
        "PatientID": "p1",
        "Rows": rows,
        "Columns": columns,
        "SamplesPerPixel": 3 if colour else 1,
        "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
        "PlanarConfiguration": 0 if colour else None,
        "BitsAllocated": bits,
        "BitsStored": 12 if bits == 16 else bits,
        "HighBit": (12 if bits == 16 else bits) - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        "PixelData": pixels.tobytes(),
    }
    dataset = pydicom.Dataset()
    for keyword, value in {**header, **elements}.items():
        if value is not None:
            setattr(dataset, keyword, value)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def write_scan(path: Path, pixels: NDArray[Any] = GRADIENT, **elements: Any) -> None:
    """Write the scan that `dataset_of` makes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset_of(pixels, **elements).save_as(path, enforce_file_format=True)


def example(name: str) -> Path:
    """Find a real file of the collection that pydicom is tested with, and ships."""
    return Path(pydicom.__file__).parent / "data" / "test_files" / name
