"""Count what the headers of image files say, before or beside their decoding: sizes and modes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from experiments.training.data.files import image_names
from experiments.training.data.files.folders import Files
from experiments.training.data.images import dicom, medmnist, pixels, verification

BATCH = 128  # files that a thread opens in one go


@dataclass(frozen=True)
class HeaderCounts:
    """How many images have which size (width, height) and which Pillow mode, and why some cannot be read.

    DICOM files count as mode `DICOM`; `unreadable` maps names to problems.
    """

    sizes: Counter[tuple[int, int]]
    modes: Counter[str]
    unreadable: Mapping[str, str]


def count(files: Files, names: Sequence[str], unreadable: Mapping[str, str]) -> HeaderCounts:
    """Count sizes and modes of the images `names`, all readable.

    Opens each file and decodes none: a second for 10,000 files. `unreadable` is passed on as it is.
    """
    sizes: Counter[tuple[int, int]] = Counter()
    modes: Counter[str] = Counter()
    if files.kind == "npz":
        for stack in medmnist.stacks(files).values():
            sizes[stack.width, stack.height] += stack.count
            modes["L" if stack.channels == 1 else "RGB"] += stack.count
        return HeaderCounts(sizes, modes, unreadable)
    batches = [names[start : start + BATCH] for start in range(0, len(names), BATCH)]
    with ThreadPoolExecutor(min(pixels.cores(), pixels.MAX_THREADS), thread_name_prefix="headers") as pool:
        for found in pool.map(lambda batch: [_of(files, name) for name in batch], batches):
            for width, height, mode in found:
                sizes[width, height] += 1
                modes[mode] += 1
    return HeaderCounts(sizes, modes, unreadable)


def _of(files: Files, name: str) -> tuple[int, int, str]:
    with files.open(name) as file:
        if image_names.is_dicom(name):
            header = dicom.library().dcmread(file, stop_before_pixels=True)
            return int(header.Columns), int(header.Rows), "DICOM"
        with verification.opened(file) as image:
            return *image.size, image.mode
