"""Recognise images by their file names."""

from __future__ import annotations

JPEG = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})
PORTABLE = frozenset({".pgm", ".ppm", ".pbm", ".pnm"})
JPEG_2000 = frozenset({".jp2", ".j2k"})
RASTER = frozenset({".png", ".bmp", ".tif", ".tiff", ".gif", ".webp"}) | JPEG | PORTABLE | JPEG_2000
DICOM = frozenset({".dcm", ".dicom", ".ima"})
EXTENSIONS = RASTER | DICOM


def suffix(name: str) -> str:
    """Return the extension with its dot, in lower case; blank where there is none."""
    dot = name.rfind(".")
    return name[dot:].lower() if dot > name.rfind("/") + 1 else ""


def stem_of(name: str) -> str:
    """Return the name without its folders and its extension."""
    return name[name.rfind("/") + 1 : len(name) - len(suffix(name))]


def is_image(name: str) -> bool:
    """Return whether the extension is an image's, in upper or lower case."""
    return suffix(name) in EXTENSIONS


def is_dicom(name: str) -> bool:
    """Return whether an image of this name is DICOM; archives of scans often leave the extension out."""
    return suffix(name) not in RASTER
