"""Decoded values that have no place between black and white yet: the data set's scale gives it to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from experiments.training.data.images.image_faults import ImageFault
from experiments.training.data.images.pixel_scale import Ends, Extremes, Kind, Range

OUTSIDE = 1000  # of so many pixels one may lie above the extremes, and one below: hot pixels, burnt-in letters


@dataclass(frozen=True)
class StoredValues:
    """One image's `values` (rows, columns) or (rows, columns, 3) of a kind; raises ImageFault if one is not finite.

    `inverted`: the lowest value is white. `padding` marks pixels that show nothing and become black; `window` is what
    the file states, `table` the ends of the lookup table that the values come from.
    """

    values: NDArray[Any]
    kind: Kind
    inverted: bool = False
    padding: NDArray[np.bool_] | None = None
    window: Ends | None = None
    table: Ends | None = None

    def __post_init__(self) -> None:
        if self.values.dtype.kind == "f" and not np.isfinite(self.values).all():
            raise ImageFault("it holds values that are not numbers")

    def extremes(self) -> Extremes:
        """Find between which values nearly all pixels lie."""
        inside = self._inside()
        outside = inside.size // OUTSIDE
        if self.table or not outside:
            return self._all
        last = inside.size - 1
        ends = np.partition(inside, (outside, last - outside), axis=None)
        return Extremes(self.kind, float(ends[outside]), float(ends[last - outside]), self.window)

    def beyond(self, chosen: Range) -> Extremes | None:
        """Return the image's extremes if they reach far beyond the range, which clips them; None if they do not."""
        if not chosen.is_left_by(self._all):  # cheap, and mostly the answer
            return None
        return found if chosen.is_left_by(found := self.extremes()) else None

    def shown(self, chosen: Range) -> Image.Image:
        """Convert to an image of floats, mode F, from 0 for black to 255 for white; colours to mode RGB."""
        span = chosen.high - chosen.low
        small = self.values.dtype.itemsize <= 2 or self.values.dtype == np.float32
        shown = self.values.astype(np.float32 if small else np.float64)
        if chosen.low:
            np.subtract(shown, chosen.low, out=shown)
        if self._all.low < chosen.low or self._all.high > chosen.high:
            np.clip(shown, 0, span, out=shown)
        np.multiply(shown, 255 / max(span, 1e-12), out=shown)
        if shown.ndim == 3:
            return Image.fromarray(shown.round().astype(np.uint8))
        return finished(shown.astype(np.float32, copy=False), inverted=self.inverted, padding=self.padding)

    @cached_property
    def _all(self) -> Extremes:
        inside = self._inside()
        low, high = self.table or (float(inside.min()), float(inside.max()))
        return Extremes(self.kind, low, high, self.window)

    def _inside(self) -> NDArray[Any]:
        inside = self.values if self.padding is None else self.values[~self.padding]
        return inside if inside.size else self.values


def finished(shown: NDArray[Any], *, inverted: bool, padding: NDArray[np.bool_] | None) -> Image.Image:
    """Make the image of grey values from 0 to 255, which may be changed here: inverted, its padding black."""
    if inverted:
        np.subtract(shown.dtype.type(255), shown, out=shown)
    if padding is not None:
        shown[padding] = 0
    return Image.fromarray(shown)
