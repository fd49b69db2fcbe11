"""Turn image files into pixels, several at a time: Pillow decodes and resizes without holding Python's lock."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from experiments.training.contract.source_errors import UnreadableImages
from experiments.training.data.files import image_names
from experiments.training.data.files.folders import Files
from experiments.training.data.images import dicom, dicom_pixels, medmnist, verification

HIGH_DEPTH = ("I", "F")  # Pillow's modes beyond 8 bits begin so: I;16, I;16B, I, F
BLOCK = 32  # images that one thread decodes at a time
AHEAD = 4  # blocks per thread that may wait to be taken
MAX_THREADS = 16


def blocks(
    files: Files, names: Sequence[str], *, size: int, channels: int, threads: int | None = None
) -> Iterator[NDArray[np.uint8]]:
    """Decode images to blocks of uint8 (n, channels, size, size), together in the order of `names`.

    Raises UnreadableImages at the end, naming all broken ones; their pixels mean nothing.
    """
    dicom.require(names)
    threads = threads or min(cores(), MAX_THREADS)
    waiting: deque[Future[NDArray[np.uint8]]] = deque()
    problems: dict[str, str] = {}
    pool = ThreadPoolExecutor(threads, thread_name_prefix="decoder")
    try:
        for start in range(0, len(names), BLOCK):
            if len(waiting) == threads * AHEAD:
                yield waiting.popleft().result()
            waiting.append(pool.submit(_block, files, names[start : start + BLOCK], size, channels, problems))
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
    if problems:
        raise UnreadableImages({name: problems[name] for name in names if name in problems}, len(names))


def array_blocks(files: Files, *, size: int, channels: int) -> Iterator[NDArray[np.uint8]]:
    """Resize a MedMNIST file's images to such blocks, in the order of its index."""
    for stack in medmnist.stacks(files).values():
        for content in medmnist.pixels(files, stack):
            images = np.frombuffer(content, np.uint8).reshape(-1, stack.height, stack.width, stack.channels)
            grey = images[..., 0] if stack.channels == 1 else images
            yield np.stack([to_array(Image.fromarray(image), size=size, channels=channels) for image in grey])


def cores() -> int:
    """Count the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _block(files: Files, names: Sequence[str], size: int, channels: int, problems: dict[str, str]) -> NDArray[np.uint8]:
    """Decode one block; what is wrong with broken images is added to `problems`, by name."""
    pixels = np.empty((len(names), channels, size, size), np.uint8)
    for row, name in enumerate(names):
        try:
            pixels[row] = _one(files, name, size, channels)
        except MemoryError:
            raise  # the machine's fault, not the image's
        except Exception as error:  # Pillow's parsers and pydicom raise nearly anything on damaged files
            problems[name] = verification.describe_error(error)
    return pixels


def _one(files: Files, name: str, size: int, channels: int) -> NDArray[np.uint8]:
    if image_names.is_dicom(name):
        image = dicom_pixels.image(dicom.read(files, name))
        return _squeezed(image, size, channels) if image.mode == "F" else to_array(image, size=size, channels=channels)
    with files.open(name) as file, verification.opened(file) as image:
        return to_array(image, size=size, channels=channels)


def to_array(image: Image.Image, *, size: int, channels: int) -> NDArray[np.uint8]:
    """Resize an image to uint8 (channels, size, size), squeezed to a square with Pillow's bilinear filter.

    16-bit images keep their full range (65535 is white, as 255 is); transparency is dropped.
    """
    mode = "L" if channels == 1 else "RGB"
    if image.mode.startswith(HIGH_DEPTH):
        return _squeezed(eight_bit_range(image), size, channels)
    image.draft(mode, (2 * size, 2 * size))  # lets JPEG decode large images at a fraction of their size
    if image.mode in ("P", "PA", "1"):
        image = image.convert("RGB")  # palette indices are not colours; resizing would mix them
    array = np.asarray(_resized(image.convert(mode), size))
    return array[np.newaxis] if channels == 1 else array.transpose(2, 0, 1)


def _squeezed(image: Image.Image, size: int, channels: int) -> NDArray[np.uint8]:
    """Resize an image of floats from 0 to 255."""
    grey = np.asarray(_resized(image, size)).clip(0, 255).round().astype(np.uint8)
    return np.broadcast_to(grey, (channels, size, size))


def _resized(image: Image.Image, size: int) -> Image.Image:
    if image.size == (size, size):
        return image
    return image.resize((size, size), Image.Resampling.BILINEAR)


def eight_bit_range(image: Image.Image) -> Image.Image:
    """Scale to 32-bit floats, 0 to 255.

    From 16 bits by the full range, from 0 … 1 by that range, otherwise by the image's extremes. Raises ValueError for
    values that are not finite.
    """
    values = np.asarray(image).astype(np.float32)
    if not np.isfinite(values).all():
        raise ValueError("it holds values that are not numbers")
    low, high = float(values.min()), float(values.max())
    if low >= 0 and image.mode.startswith("I") and high <= 65535:
        low, high = 0.0, 65535.0
    elif low >= 0 and image.mode == "F" and high <= 1:
        low, high = 0.0, 1.0
    return Image.fromarray((values - low) * (255.0 / max(high - low, 1e-12)))
