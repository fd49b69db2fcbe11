"""Check whether images can be read, before a run is queued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, BinaryIO

from experiments.training.contract.source_errors import SourceError, UnreadableImages, some
from experiments.training.data.files import image_names
from experiments.training.data.files.folders import Files
from experiments.training.data.images import dicom

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "BMP", "TIFF")  # Pillow's other parsers stay closed to files from outside
MAX_PIXELS = 64 * 2**20
MAX_LETTERS = 300
MAX_VERIFIED = 2000  # images; of more, an evenly spread sample of this size
MAX_VERIFIED_BYTES = 512 * 2**20  # a request must not take minutes


def check(files: Files, names: Sequence[str]) -> None:
    """Raise SourceError for empty and unreadable images, naming the first few."""
    refuse_empty(files, names)
    chosen = spread(names, _affordable(files, names))
    dicom.require(names)
    problems = {name: problem for name in chosen if (problem := problem_of(files, name))}
    if problems:
        raise UnreadableImages(problems, len(chosen), whole=len(chosen) == len(names))


def refuse_empty(files: Files, names: Sequence[str]) -> None:
    """Raise SourceError for images without a byte, naming the first few; opens none."""
    empty = [name for name in names if not files.sizes[name]]
    if empty:
        raise SourceError(
            "source_path",
            f"{len(empty)} of {len(names)} images are empty (0 bytes): {some(empty)}; copy them again, or set "
            "data.skip_unreadable to true to train without them.",
        )


def problem_of(files: Files, name: str) -> str | None:
    """Say why this image cannot be read; None if it can, as far as its checksums show."""
    try:
        if image_names.is_dicom(name):
            dicom.read(files, name)
            return None
        with files.open(name) as file, opened(file) as image:
            image.verify()
    except Exception as error:  # Pillow's parsers raise nearly anything on damaged files
        return describe_error(error)
    return None


def opened(file: BinaryIO) -> Image:
    """Open the image without decoding it.

    Raises what Pillow raises, and ValueError for one that is too large or has several pages.
    """
    from PIL import Image  # noqa: PLC0415  # the web process loads Pillow only when a request needs it

    image = Image.open(file, formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        raise ValueError(f"{image.width} x {image.height} pixels are too many")
    if image.format == "TIFF" and (pages := getattr(image, "n_frames", 1)) > 1:
        raise ValueError(f"it has {pages} pages; save each page that should be a sample as its own file")
    return image


def describe_error(error: Exception) -> str:
    """Turn a decoder's error into one line for a user; Pillow's own names a Python object instead of the file."""
    if type(error).__name__ == "UnidentifiedImageError":
        return f"not a {', '.join(FORMATS[:-1])} or {FORMATS[-1]} image"
    said = str(error).partition("Traceback")[0]  # pydicom repeats those of what led to it
    return " ".join(said.split())[:MAX_LETTERS] or type(error).__name__


def spread(names: Sequence[str], count: int) -> Sequence[str]:
    """Select at most `count` names, evenly spread, the first included."""
    if len(names) <= count:
        return names
    return [names[i * len(names) // count] for i in range(count)]


def _affordable(files: Files, names: Sequence[str]) -> int:
    mean = sum(files.sizes[name] for name in names) / len(names)
    return min(MAX_VERIFIED, max(1, int(MAX_VERIFIED_BYTES / mean)))
