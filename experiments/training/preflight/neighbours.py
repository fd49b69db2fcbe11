"""Find which of many images are nearly the same, without comparing each with each.

Images of one kind all look alike: of 3,166 real chest X-rays (28 x 28), unrelated pairs correlate up to .96, and the
usual perceptual hashes find floods of false pairs among them. So each frequency is measured against its own median and
spread in the data set, and likeness is the cosine of what remains: 0 for two ordinary members, 1 for a copy.

Measured (1 % quantile of the copies; the highest of all 5 million and 1.6 million pairs that are not copies):

| | X-rays | 8 x 8 digits of scikit-learn, at 28 x 28 |
|---|---|---|
| copy saved as JPEG of quality 90, 75, 50, 30 | 1.000, .999, .988, .977 | 1.000, .999, .997, .992 |
| copy enlarged twice and back; reduced to 75 % and back | .995; .988 | .996; .991 |
| copy brightened by 10 %, by 25 levels; contrast 1.2; gamma 0.8 | .999, .998; .993; .991 | .963, .958; .910; .936 |
| copy with noise of 5 levels | .985 | .995 |
| copy reduced to half and back; cropped by 2 %, 5 % of each side | .932; .921, .506 | .948; .911, .670 |
| the most alike that are not copies | .928 | .984, the next .974 |

Rotated, flipped and cropped copies are not found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.training.preflight.fingerprints import Floats

NEAR = 0.985
NOISE = 0.3  # share of the middle frequency's spread
FEWEST = 20  # images: with fewer, what is ordinary is unknown
MAX_COMPARISONS = 2_000_000_000  # seconds to a minute
MAX_PAIRS = 200_000
BLOCK = 4096
SMALL_SET = 20_000  # images; larger sets use longer bands, which few share

Bits = NDArray[np.uint64]
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Near:
    """Pairs `first` < `second` of positions with their `likeness`; `whole` is False when the search was cut short."""

    first: Places
    second: Places
    likeness: Floats
    whole: bool = True


def standardised(shapes: Floats) -> Floats:
    """Compute how each image differs from what is ordinary in its data set: (N, 64) of length 1."""
    spread = shapes.std(axis=0)
    # Enlarged images have nearly nothing in the high frequencies, and what they have is noise: it must not count full.
    scale = np.hypot(spread, NOISE * np.median(spread))
    values = (shapes - np.median(shapes, axis=0)) / np.maximum(scale, 1e-6)
    length = np.linalg.norm(values, axis=1, keepdims=True)
    standard: Floats = (values / np.maximum(length, 1e-6)).astype(np.float32)
    return standard


def search(values: Floats) -> Near:
    """Find all pairs of `standardised` values that are at least NEAR, except a few percent of the least alike."""
    nothing = np.empty(0, np.intp)
    if len(values) < FEWEST:
        return Near(nothing, nothing, np.empty(0, np.float32))
    found: set[tuple[int, int]] = set()
    comparisons = 0
    for bucket in _buckets(_hashes(values), len(values)):
        comparisons += len(bucket) ** 2 // 2
        if comparisons > MAX_COMPARISONS or len(found) > MAX_PAIRS:
            return _near(found, values, whole=False)
        found.update(_alike(bucket, values))
    return _near(found, values, whole=True)


def _hashes(values: Floats) -> Bits:
    """Compute 64 bits per image: each frequency's side of the ordinary. Images at NEAR differ in three or four bits."""
    return np.packbits(values > 0, axis=1).view(np.uint64)[:, 0]


def _buckets(hashes: Bits, count: int) -> Iterator[Places]:
    """Yield images that agree in one whole band of bits; those that differ in fewer bits than bands always meet."""
    width = 8 if count <= SMALL_SET else 12
    for start in range(0, 64 - width + 1, width):
        band = (hashes >> np.uint64(start)) & np.uint64((1 << width) - 1)
        order = np.argsort(band, kind="stable")
        edges = np.flatnonzero(np.diff(band[order])) + 1
        yield from (bucket for bucket in np.split(order, edges) if len(bucket) > 1)


def _alike(bucket: Places, values: Floats) -> Iterator[tuple[int, int]]:
    """Yield the near pairs of one bucket, lower position first."""
    members = values[bucket]
    for start in range(0, len(bucket), BLOCK):
        rows, columns = np.nonzero(members[start : start + BLOCK] @ members[start:].T >= NEAR)
        ahead = columns > rows
        pairs = np.sort(np.stack((bucket[start + rows[ahead]], bucket[start + columns[ahead]])), axis=0)
        yield from zip(*pairs.tolist(), strict=True)


def _near(found: set[tuple[int, int]], values: Floats, *, whole: bool) -> Near:
    pairs = np.array(sorted(found), dtype=np.intp).reshape(-1, 2)
    likeness = np.einsum("ij,ij->i", values[pairs[:, 0]], values[pairs[:, 1]])
    return Near(pairs[:, 0], pairs[:, 1], likeness.astype(np.float32), whole)
