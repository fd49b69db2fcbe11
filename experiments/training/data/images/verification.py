"""Check whether images can be read, before a run is queued."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from experiments.training.contract.source_errors import SourceError, UnreadableImages, some
from experiments.training.data.files import image_names
from experiments.training.data.files.folders import Files
from experiments.training.data.images import dicom, dicom_headers, image_faults
from experiments.training.data.images.image_faults import ImageFault

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

T = TypeVar("T")

FORMATS = tuple(image_faults.NAMES)
TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # how its files begin
MAX_BYTES = 512 * 2**20  # of a file
MAX_PIXELS = 64 * 2**20
MAX_PAGES = 64  # of a TIFF, looked at to tell pages from previews of one
NEW_SUBFILE_TYPE, REDUCED, MASK = 254, 1, 4  # the tag of a page of a TIFF that is none, and its bits
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
        with opened(files, name) as image:
            image.verify()
    except Exception as error:  # Pillow's parsers raise nearly anything on damaged files
        return image_faults.describe(error)
    return None


@contextmanager
def opened(files: Files, name: str) -> Iterator[ImageFile]:
    """Open the image without decoding it.

    Raises what Pillow raises, and ImageFault for one that is too large or has several pages.
    """
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415  # the web process loads it when a request needs it

    image_faults.refuse_cut_files()

    if files.sizes[name] > MAX_BYTES:  # some parsers read a file whole before they know how large its image is
        raise ImageFault(f"its {files.sizes[name] >> 20:,} MiB are more than {MAX_BYTES >> 20}")
    with files.open(name) as file:
        try:
            image = Image.open(file, formats=FORMATS)
        except UnidentifiedImageError:
            file.seek(0)
            if file.read(len(TIFF[0])) in TIFF:
                raise ImageFault(image_faults.UNUSUAL_TIFF) from None
            file.seek(0)
            if dicom_headers.marked(file):
                raise ImageFault(image_faults.NAMED_AS_PICTURE) from None
            raise
        with image:
            _refuse_large(image)
            yield image


def _refuse_large(image: Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise ImageFault(f"{image.width} x {image.height} pixels are too many")
    if image.format == "TIFF" and (pages := getattr(image, "n_frames", 1)) > 1:
        _refuse_pages(image, pages)


def _refuse_pages(image: Image, pages: int) -> None:
    """Refuse several pages, of which none is chosen silently; a preview or a mask of the first is no page."""
    full = pages
    if pages <= MAX_PAGES:
        kinds = [_subfile_type(image, page) for page in range(1, pages)]
        image.seek(0)
        full = 1 + sum(not kind & (REDUCED | MASK) for kind in kinds)
    if full > 1:
        raise ImageFault(f"it has {full} pages; save each page that should be a sample as its own file")


def _subfile_type(image: Image, page: int) -> int:
    image.seek(page)
    return int(getattr(image, "tag_v2", {}).get(NEW_SUBFILE_TYPE, 0))


def spread(names: Sequence[T], count: int) -> Sequence[T]:
    """Select at most `count` names, evenly spread, the first included."""
    if len(names) <= count:
        return names
    return [names[i * len(names) // count] for i in range(count)]


def _affordable(files: Files, names: Sequence[str]) -> int:
    mean = sum(files.sizes[name] for name in names) / len(names)
    return min(MAX_VERIFIED, max(1, int(MAX_VERIFIED_BYTES / mean)))
