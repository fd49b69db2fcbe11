"""Reduce images to what is compared: a digest for exact copies, a shape for near ones."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FREQUENCIES = 11  # of the cosine transform, in each direction
FLAT_BELOW = 2.0  # grey levels of standard deviation: nearly empty images all look alike
LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R 601, as Pillow's grey

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Fingerprints:
    """What N images are compared by.

    `digests` are of all their pixels; `shapes` (N, 64) are the lowest frequencies of their cosine transform, of mean 0
    and length 1 in pixels, so that neither size nor brightness nor contrast changes them much; `flat` (N,) marks images
    without a shape.
    """

    digests: list[bytes]
    shapes: Floats
    flat: NDArray[np.bool_]


def of_images(batches: Iterable[Pixels]) -> Fingerprints:
    """Compute the fingerprints of all images, given in batches of uint8 (n, channels, height, width)."""
    digests: list[bytes] = []
    shapes, flat = [np.empty((0, len(_kept()[0])), np.float32)], [np.empty(0, np.bool_)]
    for batch in batches:
        digests += [_digest(image) for image in batch]
        grey = _grey(batch)
        shapes.append(_shapes(grey))
        flat.append(grey.std(axis=(1, 2)) < FLAT_BELOW)
    return Fingerprints(digests, np.concatenate(shapes), np.concatenate(flat))


def _digest(image: Pixels) -> bytes:
    return hashlib.blake2b(image.tobytes(), digest_size=16).digest()


def _grey(batch: Pixels) -> Floats:
    if batch.shape[1] == 3:
        return np.tensordot(batch, np.array(LUMINANCE, np.float32), axes=(1, 0)).astype(np.float32)
    return batch[:, 0].astype(np.float32)


def _shapes(grey: Floats) -> Floats:
    rows, columns = _cosines(grey.shape[1]), _cosines(grey.shape[2])
    found = (rows @ grey @ columns.T)[:, *_kept()]
    length = np.sqrt(grey.var(axis=(1, 2)) * grey[0].size)
    shapes: Floats = (found / np.maximum(length, 1e-6)[:, None]).astype(np.float32)
    return shapes


def _cosines(size: int) -> Floats:
    """Compute (FREQUENCIES, size): the first rows of the orthonormal DCT-II, zeros beyond a small image's size."""
    k, n = np.arange(FREQUENCIES)[:, None], np.arange(size)[None, :]
    scale = np.where(k == 0, np.sqrt(1 / size), np.sqrt(2 / size)) * (k < size)
    return np.asarray(scale * np.cos(np.pi * (2 * n + 1) * k / (2 * size)), dtype=np.float32)


def _kept() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the 64 positions of the lowest frequencies, without the mean, in zigzag order."""
    places = [(i, j) for i in range(FREQUENCIES) for j in range(FREQUENCIES) if 0 < i + j < FREQUENCIES]
    chosen = sorted(places, key=lambda place: (sum(place), place))[:64]
    return np.array([i for i, _ in chosen]), np.array([j for _, j in chosen])
