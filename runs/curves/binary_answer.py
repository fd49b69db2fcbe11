"""Write curves for programs: all numbers, as they are in memory. `docs/reference/curves.md` describes the bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from runs.curves.reading import Samples
from runs.curves.series import Curve, curves_of, head_of
from runs.curves.tables import Numbers
from runs.curves.window import Window

MOST_SAMPLES = 1_000_000
"""Samples in one answer, of all its curves together: 16 MB."""
WORD = 8
"""Bytes of a number; each line is filled up to whole words, so that all numbers stand where a program may map them."""


def binary_answer(samples: Samples, patterns: Sequence[str], window: Window) -> bytes:
    """Build the answer for one run: a line of JSON, and for each curve one more with its numbers. Raises NoAxis.

    A curve whose samples are more than there is still room for comes without them.
    """
    curves = curves_of(samples, patterns, window)
    head = {**head_of(samples, window.by), "curves": len(curves)}
    return b"".join([_line(head), *_parts(curves)])


def _parts(curves: Sequence[Curve]) -> Iterator[bytes | memoryview]:
    room = MOST_SAMPLES
    for curve in curves:
        exact = len(curve.x) <= room
        count = len(curve.x) if exact else 0
        room -= count
        yield _line(
            {
                "name": curve.name,
                "count": count,
                "exact": exact,
                "total": curve.total,
                "nonfinite": curve.nonfinite,
                "first": curve.x[0].item() if len(curve.x) else None,
                "last": curve.x[-1].item() if len(curve.x) else None,
                "x": "int64" if curve.x.dtype == np.int64 else "float64",
            }
        )
        yield _words(curve.x[:count])
        yield _words(curve.y[:count])


def _line(values: Mapping[str, Any]) -> bytes:
    text = msgspec.json.encode(values)
    return text + b" " * (-(len(text) + 1) % WORD) + b"\n"


def _words(numbers: Numbers) -> memoryview:
    """Return the bytes of the numbers, the lowest one of each first."""
    little = numbers.astype(numbers.dtype.newbyteorder("<"), copy=False)
    return np.ascontiguousarray(little).data.cast("B")
