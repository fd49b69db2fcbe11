"""Decoded values that have no place between black and white yet: the data set's scale gives it to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from experiments.training.data.images.image_faults import ImageFault
from experiments.training.data.images.pixel_scale import NARROW, Ends, Extremes, Kind, Range

WHITE = 255
WRAPPED = (2**13, 2**16 - 2**13)  # between which there are no values where the sign of some is lost
DIFFERENT = 32  # values of either kind, at least
NO_NUMBERS = "it holds infinite values, or none that are numbers; save it with numbers, NaN only where nothing is shown"
OUTSIDE = 1000  # of so many pixels one may lie above the extremes, and one below: hot pixels, burnt-in letters


@dataclass(frozen=True)
class StoredValues:
    """One image's `values` (rows, columns) or (rows, columns, 3) of a kind.

    Raises ImageFault if one of them, other than those of padding, is not finite.

    `inverted`: the lowest value is white. `padding` marks pixels that show nothing and become black; `cover` is how
    opaque each pixel is, from 0 to 1, before a white ground; `window` is what the file states, `table` the ends of the
    lookup table that the values come from.
    """

    values: NDArray[Any]
    kind: Kind
    inverted: bool = False
    padding: NDArray[np.bool_] | None = None
    window: Ends | None = None
    table: Ends | None = None
    cover: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        if self.values.dtype.kind == "f" and not np.isfinite(self._inside()).all():
            raise ImageFault(NO_NUMBERS)

    def extremes(self) -> Extremes:
        """Find between which values nearly all pixels lie."""
        inside = self._inside()
        if self.table or inside.size < OUTSIDE:
            return replace(self._all, gaps=self._has_gaps)
        low, high = _ends(inside)
        if not low and inside.dtype.kind == "u":
            low, high = _without_frame(inside, (low, high))
        return Extremes(self.kind, low, high, self.window, _is_wrapped(inside, (low, high)), self._has_gaps)

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
        if self.cover is not None:
            shown = _on_white(shown, self.cover)
        if shown.ndim == 3:
            return Image.fromarray(shown.round().astype(np.uint8))
        return finished(shown.astype(np.float32, copy=False), inverted=self.inverted, padding=self.padding)

    @cached_property
    def _all(self) -> Extremes:
        inside = self._inside()
        low, high = self.table or (float(inside.min()), float(inside.max()))
        return Extremes(self.kind, low, high, self.window)

    @property
    def _has_gaps(self) -> bool:
        """Whether pixels that show nothing have no number as their value."""
        return self.padding is not None and self.values.dtype.kind == "f" and bool(np.isnan(self.values).any())

    def _inside(self) -> NDArray[Any]:
        inside = self.values
        if self.padding is not None:
            inside = inside[~self.padding]
        elif self.cover is not None:
            inside = inside[self.cover > 0]
        return inside if inside.size else self.values


def _on_white(shown: NDArray[Any], cover: NDArray[np.float32]) -> NDArray[Any]:
    share = cover[..., np.newaxis] if shown.ndim > cover.ndim else cover
    blended: NDArray[Any] = shown * share + WHITE * (1 - share)
    return blended


def _ends(values: NDArray[Any]) -> Ends:
    """Return the lowest and the highest value without the outermost few."""
    outside = values.size // OUTSIDE
    last = values.size - 1
    ends = np.partition(values, (outside, last - outside), axis=None)
    return float(ends[outside]), float(ends[last - outside])


def _without_frame(values: NDArray[Any], ends: Ends) -> Ends:
    """Leave out 0 where all other values lie so far above that it can only be what surrounds the picture."""
    above = values[values > 0]
    low, high = _ends(above) if above.size else ends
    return (low, high) if low > (NARROW - 1) * (high - low) > (NARROW - 1) * WHITE else ends


def _is_wrapped(values: NDArray[Any], ends: Ends) -> bool:
    """Return whether 16 bits without a sign hold small and very large values and nothing between: -1 is 65,535.

    Of either there are many different ones, unlike in drawings of black and white.
    """
    if values.dtype != np.uint16 or ends[0] > WRAPPED[0] or ends[1] < WRAPPED[1]:
        return False
    small, large = values[values <= WRAPPED[0]], values[values >= WRAPPED[1]]
    few_between = values.size - small.size - large.size <= values.size // OUTSIDE
    return few_between and min(len(np.unique(small)), len(np.unique(large))) >= DIFFERENT


def finished(shown: NDArray[Any], *, inverted: bool, padding: NDArray[np.bool_] | None) -> Image.Image:
    """Make the image of grey values from 0 to 255, which may be changed here: inverted, its padding black."""
    if inverted:
        np.subtract(shown.dtype.type(255), shown, out=shown)
    if padding is not None:
        shown[padding] = 0
    return Image.fromarray(shown)
