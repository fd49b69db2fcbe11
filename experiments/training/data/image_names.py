"""Which files are images, by their names."""

from __future__ import annotations

from pathlib import PurePosixPath

RASTER = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"})
DICOM = frozenset({".dcm", ".dicom"})
EXTENSIONS = RASTER | DICOM


def is_image(path: PurePosixPath) -> bool:
    """Whether the extension says so, in upper or lower case."""
    return path.suffix.lower() in EXTENSIONS


def is_dicom(name: str) -> bool:
    """Whether an image of this name is DICOM; archives of scans often leave the extension out."""
    return PurePosixPath(name).suffix.lower() not in RASTER
