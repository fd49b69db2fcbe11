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
UNUSUAL_TIFF = (
    "a TIFF that is damaged or of a kind that is not read; save it as grey or RGB of 8 or 16 bits, or as grey of "
    "32-bit floats"
)
NO_DICOM = "not a DICOM file"
NAMED_AS_PICTURE = "it is a DICOM file; let its name end in .dcm"
BEGINNINGS = {
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"GIF8": "GIF",
    b"RIFF": "WebP",
    b"P5": "PGM",
    b"P6": "PPM",
}
"""How files of other formats begin, by which they are named where a name says DICOM."""
CUT_OFF = "it is cut off; copy it again"
KNOWN = {
    "UnidentifiedImageError": f"not a {', '.join([*NAMES.values()][:-1])} or {NAMES['JPEG2000']} image",
    "InvalidDicomError": NO_DICOM,
    "DecompressionBombError": "it has too many pixels",
    "BadZipFile": "its part of the archive is damaged; pack it again",
}
"""What errors of these types say, which are named so that their libraries need not be loaded."""


class ImageFault(ValueError):
    """An image that is not read, with the reason in words for a user."""


def no_dicom(beginning: bytes) -> ImageFault:
    """Say what a file is that is called as DICOM and is none."""
    known = (name for start, name in BEGINNINGS.items() if beginning.startswith(start))
    if name := next(known, None):
        return ImageFault(f"{NO_DICOM} but {name}; let its name end so")
    return ImageFault(f"{NO_DICOM}, which has DICM after 128 bytes; convert it, for example with `gdcmconv`")


def describe(error: Exception) -> str:
    """Say in a few words why an image cannot be read."""
    if isinstance(error, ImageFault):
        return str(error)
    if isinstance(error, OSError) and error.errno is not None:
        return f"it cannot be opened: {error.strerror}"
    if isinstance(error, EOFError) or "truncated" in str(error):
        return CUT_OFF
    return KNOWN.get(type(error).__name__, DAMAGED)


def refuse_cut_files() -> None:
    """Have Pillow refuse files that are cut off, whatever others in this process have told it.

    Own modules and libraries switch that off for the whole process, and the rows that are missing would become black.
    """
    from PIL import ImageFile  # noqa: PLC0415  # the web process loads it when a request needs it

    ImageFile.LOAD_TRUNCATED_IMAGES = False
