"""Say in words of our own why an image cannot be read: a decoder's words name its own objects, not the user's file."""

from __future__ import annotations

NAMES = {
    "PNG": "PNG",
    "JPEG": "JPEG",
    "BMP": "BMP",
    "TIFF": "TIFF",
    "GIF": "GIF",
    "WEBP": "WebP",
    "PPM": "PGM, PPM",
    "JPEG2000": "JPEG 2000",
}
"""The formats that Pillow may open, by its names; its other parsers stay closed to files from outside."""

DAMAGED = "its content is damaged; copy it again"
UNUSUAL_TIFF = "a TIFF that is damaged or of a kind that is not read; save it as grey or RGB of 8 or 16 bits"
CUT_OFF = "it is cut off; copy it again"
KNOWN = {
    "UnidentifiedImageError": f"not a {', '.join([*NAMES.values()][:-1])} or {NAMES['JPEG2000']} image",
    "InvalidDicomError": "not a DICOM file",
    "DecompressionBombError": "it has too many pixels",
    "BadZipFile": "its part of the archive is damaged; pack it again",
}
"""What errors of these types say, which are named so that their libraries need not be loaded."""


class ImageFault(ValueError):
    """An image that is not read, with the reason in words for a user."""


def describe(error: Exception) -> str:
    """Say in a few words why an image cannot be read."""
    if isinstance(error, ImageFault):
        return str(error)
    if isinstance(error, OSError) and error.errno is not None:
        return f"it cannot be opened: {error.strerror}"
    if isinstance(error, EOFError) or "truncated" in str(error):
        return CUT_OFF
    return KNOWN.get(type(error).__name__, DAMAGED)
