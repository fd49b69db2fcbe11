"""Read what the headers of image files say, before or beside their decoding: sizes, modes, how they are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from experiments.training.data.files import cores, image_names
from experiments.training.data.files.folders import Files
from experiments.training.data.images import dicom, dicom_pixels, medmnist, raster, verification

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydicom import Dataset

BATCH = 128  # files that a thread opens in one go
EIGHT = 8
BITS = {"1": 1, "I": 32, "F": 32}
"""Of Pillow's modes; those that begin with I;16 have 16, all others 8."""
COLOURLESS = frozenset({"1", "L", "LA", "La", "I", "F"})


class Header(NamedTuple):
    """What one file's header says; sizes are those of the upright image.

    `mode` is Pillow's, `DICOM` for DICOM files; `coloured` that it may hold colours, `deep` that the data set's scale
    places its values; `frames` that it has more than the one frame that is shown; `modality` is that of a DICOM file.
    """

    width: int
    height: int
    mode: str
    format: str
    bits: int
    coloured: bool
    deep: bool = False
    turned: bool = False
    transparent: bool = False
    white_zero: bool = False
    frames: bool = False
    modality: str = ""


@dataclass(frozen=True)
class HeaderCounts:
    """The headers of all images, in their order, and why some cannot be read: `unreadable` maps names to problems."""

    headers: Sequence[Header]
    unreadable: Mapping[str, str]

    @cached_property
    def sizes(self) -> Counter[tuple[int, int]]:
        """How many images have which width and height."""
        return Counter((header.width, header.height) for header in self.headers)

    @cached_property
    def modes(self) -> Counter[str]:
        """How many images have which Pillow mode; DICOM files count as mode `DICOM`."""
        return Counter(header.mode for header in self.headers)


def count(
    files: Files, names: Sequence[str], unreadable: Mapping[str, str], known: Mapping[str, Header]
) -> HeaderCounts:
    """Read the headers of the images `names`, all readable, as far as they are not `known` from decoding.

    Opens each file and decodes none: a second for 10,000 files. `unreadable` is passed on as it is.
    """
    if files.kind == "npz":
        return HeaderCounts(of_stacks(files), unreadable)
    same: dict[Header, Header] = {}  # most files have one that others have, which is kept once
    found: list[Header] = []
    batches = [names[start : start + BATCH] for start in range(0, len(names), BATCH)]
    with ThreadPoolExecutor(cores.threads(), thread_name_prefix="headers") as pool:
        for headers in pool.map(lambda batch: [known.get(name) or read(files, name) for name in batch], batches):
            found += [same.setdefault(header, header) for header in headers]
    return HeaderCounts(found, unreadable)


def of_stacks(files: Files) -> list[Header]:
    """Return the headers of a MedMNIST file's images, in the order of its index."""
    found: list[Header] = []
    for stack in medmnist.stacks(files).values():
        grey = stack.channels == 1
        header = Header(stack.width, stack.height, "L" if grey else "RGB", "npz", EIGHT, coloured=not grey)
        found += [header] * stack.count
    return found


def read(files: Files, name: str) -> Header:
    """Read one file's header; raises what opening it raises."""
    if image_names.is_dicom(name):
        with files.open(name) as file:
            return of_scan(dicom.library().dcmread(file, stop_before_pixels=True))
    with verification.opened(files, name) as image:
        return of_raster(image)


def of_scan(header: Dataset) -> Header:
    """Take from a DICOM file's header what is counted."""
    return Header(
        int(header.Columns),
        int(header.Rows),
        "DICOM",
        "DICOM",
        int(header.get("BitsStored") or EIGHT),
        coloured=header.get("PhotometricInterpretation") not in dicom.GREY,
        deep=dicom_pixels.needs_scale(header),
        modality=str(header.get("Modality") or "").strip(),
    )


def of_raster(image: Image) -> Header:
    """Take from an opened image, which is not decoded yet, what is counted."""
    deep_colours = raster.has_deep_colours(image)
    deep, tiff = deep_colours or raster.is_deep(image), image.format == "TIFF"
    turned = raster.orientation(image)
    # Pillow says the size of a TIFF as it will be once it is loaded, which is upright.
    sideways = turned > 4 and not tiff
    width, height = reversed(image.size) if sideways else image.size
    return Header(
        width,
        height,
        image.mode,
        image.format or "",
        BITS.get(image.mode, EIGHT if not deep else 16),
        coloured=deep_colours or (not deep and image.mode not in COLOURLESS),
        deep=deep,
        turned=turned != 1,
        transparent=raster.is_transparent(image),
        white_zero=tiff and raster.is_white_zero(image),
        frames=not tiff and getattr(image, "is_animated", False),
    )
