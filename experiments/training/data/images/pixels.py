"""Turn image files into pixels, several at a time: Pillow decodes and resizes without holding Python's lock."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from experiments.training.contract.source_errors import UnreadableImages
from experiments.training.data.files import cores, image_names
from experiments.training.data.files.folders import Files
from experiments.training.data.images import dicom, dicom_pixels, headers, image_faults, medmnist, raster, verification
from experiments.training.data.images.headers import Header
from experiments.training.data.images.pixel_scale import COLOURS, STRAY_PART, Extremes, PixelScale
from experiments.training.data.images.stored_values import StoredValues

UPPER_SUFFICES = 64  # of 256, of the upper bytes: a value of 15 bits or 16, which 8 of them show as well
OPAQUE = 255
BLOCK = 32  # images that one thread decodes at a time
AHEAD = 4  # blocks per thread that may wait to be taken


class TooNarrow(Exception):
    """More images than are exceptions reach far beyond the scale; `found` are their extremes."""

    def __init__(self, found: Sequence[Extremes]) -> None:
        super().__init__(found)
        self.found = found


@dataclass(frozen=True)
class _Noticed:
    """What the threads find out about images, by name: headers, what is wrong with some, which leave the scale."""

    headers: dict[str, Header]
    same: dict[Header, Header] = field(default_factory=dict)  # most have one that others have, which is kept once
    problems: dict[str, str] = field(default_factory=dict)
    beyond: dict[str, Extremes] = field(default_factory=dict)


def blocks(
    files: Files,
    names: Sequence[str],
    *,
    size: int,
    channels: int,
    scale: PixelScale,
    threads: int | None = None,
    seen: dict[str, Header] | None = None,
    beyond: dict[str, Extremes] | None = None,
) -> Iterator[NDArray[np.uint8]]:
    """Decode images to blocks of uint8 (n, channels, size, size), together in the order of `names`.

    `seen` gets their headers, by name. Raises at the end TooNarrow, or UnreadableImages, which names all broken ones;
    their pixels mean nothing. Where the scale is given and shall stay, `beyond` gets the images that reach far beyond
    it, and nothing is raised for them.
    """
    dicom.require(names)
    threads = threads or cores.threads()
    waiting: deque[Future[NDArray[np.uint8]]] = deque()
    noticed = _Noticed({} if seen is None else seen, beyond={} if beyond is None else beyond)
    pool = ThreadPoolExecutor(threads, thread_name_prefix="decoder")
    try:
        for start in range(0, len(names), BLOCK):
            if len(waiting) == threads * AHEAD:
                yield waiting.popleft().result()
            part = names[start : start + BLOCK]
            waiting.append(pool.submit(_block, files, part, noticed=noticed, size=size, channels=channels, scale=scale))
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
    if beyond is None and len(noticed.beyond) > max(1, len(names) // STRAY_PART):
        raise TooNarrow(list(noticed.beyond.values()))
    if noticed.problems:
        raise UnreadableImages({n: noticed.problems[n] for n in names if n in noticed.problems}, len(names))


def array_blocks(files: Files, *, size: int, channels: int) -> Iterator[NDArray[np.uint8]]:
    """Resize a MedMNIST file's images to such blocks, in the order of its index."""
    for stack in medmnist.stacks(files).values():
        for content in medmnist.pixels(files, stack):
            images = np.frombuffer(content, np.uint8).reshape(-1, stack.height, stack.width, stack.channels)
            grey = images[..., 0] if stack.channels == 1 else images
            yield np.stack([to_array(Image.fromarray(image), size=size, channels=channels) for image in grey])


def _block(
    files: Files, names: Sequence[str], *, noticed: _Noticed, size: int, channels: int, scale: PixelScale
) -> NDArray[np.uint8]:
    """Decode one block, and add to `noticed` what is to be known of its images."""
    pixels = np.empty((len(names), channels, size, size), np.uint8)
    for row, name in enumerate(names):
        try:
            found, header = read(files, name, mode="L" if channels == 1 else "RGB", side=size)
            noticed.headers[name] = noticed.same.setdefault(header, header)
            if isinstance(found, StoredValues) and (beyond := scale.left_by(found)):
                noticed.beyond[name] = beyond
            pixels[row] = to_array(placed(found, scale), size=size, channels=channels)
        except MemoryError:
            raise  # the machine's fault, not the image's
        except Exception as error:  # Pillow's parsers and pydicom raise nearly anything on damaged files
            noticed.problems[name] = image_faults.describe(error)
    return pixels


def read(files: Files, name: str, *, mode: str, side: int) -> tuple[Image.Image | StoredValues, Header]:
    """Decode one image file to what a viewer shows, or to values that need the data set's scale; return its header too.

    The image is of mode L or RGB, or of mode F from 0 to 255. Large JPEG files come smaller, but not below twice `side`
    pixels, and of `mode`. Raises nearly anything on damaged files.
    """
    if image_names.is_dicom(name):
        dataset = dicom.read(files, name)
        return dicom_pixels.decoded(dataset), headers.of_scan(dataset)
    with verification.opened(files, name) as image:
        header = headers.of_raster(image)
        image.draft(mode, (2 * side, 2 * side))
        if not (header.deep and header.coloured):
            return raster.decoded(image), header
        upper, clear = np.asarray(raster.upright(image)), image.info.get("transparency")
    return _deep_colours(files, name, upper, clear), header


def _deep_colours(files: Files, name: str, upper: NDArray[np.uint8], clear: object) -> StoredValues:
    """Complete the upper bytes of 16-bit colours, which say nothing where the values need few bits.

    A fourth layer of `upper` is what is opaque; `clear` is the one colour that is transparent, if there is one.
    """
    colours = upper[..., :3]
    cover: NDArray[np.float32] | None = None
    if upper.shape[-1] > colours.shape[-1] and (upper[..., 3] < OPAQUE).any():
        cover = upper[..., 3].astype(np.float32) / np.float32(OPAQUE)
    seen = colours if cover is None else colours[cover > 0]
    if not clear and seen.size and seen.max() >= UPPER_SUFFICES:
        return StoredValues(colours.astype(np.uint16) * 257, COLOURS, cover=cover)
    with verification.opened(files, name) as image:
        values = colours.astype(np.uint16) << 8 | raster.lower_bytes(image)
    if isinstance(clear, tuple):
        cover = (values != clear).any(axis=2).astype(np.float32)
    return StoredValues(values, COLOURS, cover=cover)


def placed(found: Image.Image | StoredValues, scale: PixelScale) -> Image.Image:
    """Give values their grey by the scale, as an image of mode F from 0 to 255; other images stay as they are."""
    return found.shown(scale.of(found)) if isinstance(found, StoredValues) else found


def to_array(image: Image.Image, *, size: int, channels: int) -> NDArray[np.uint8]:
    """Resize an image of mode L, RGB or F to uint8 (channels, size, size), a square, with Pillow's bilinear filter."""
    if image.mode == "F":
        grey = np.asarray(_resized(image, size)).clip(0, 255).round().astype(np.uint8)
        return np.broadcast_to(grey, (channels, size, size))
    mode = "L" if channels == 1 else "RGB"
    array = np.asarray(_resized(image if image.mode == mode else image.convert(mode), size))
    return array[np.newaxis] if channels == 1 else array.transpose(2, 0, 1)


def _resized(image: Image.Image, size: int) -> Image.Image:
    if image.size == (size, size):
        return image
    return image.resize((size, size), Image.Resampling.BILINEAR)
