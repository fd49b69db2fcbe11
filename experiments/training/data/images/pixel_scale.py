"""How stored grey values become 0 … 255: one range for all files of a data set whose values mean the same. Pure.

Images of 8 bits and colours stay as they are, and so do DICOM files that bring a window of their own; everything else
is of one of the kinds here. A range chosen file by file would show the same tissue in another grey in every image.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

CT_WINDOW = (-1000.0, 1000.0)  # Hounsfield units: air is black, dense bone and metal are white
AIR = (-4096.0, -900.0)  # where the lowest values of such images lie: air is -1000, padding down to -4096
DEPTHS = (8, 10, 12, 14, 16)  # bits that scanners and cameras store
NARROW = 4  # values in less than one part in so many of their range are stretched over it
STRAYS_FROM = 10  # images: among fewer, none is an exception
LEVELS = (127.0, 255.0)  # between which the highest value of fractions lies that are levels of 8 bits
STRAY_PART = 20  # at most one image in so many is an exception, and always one

Rule: TypeAlias = Literal["depth", "fractions", "extremes", "hounsfield"]
Why: TypeAlias = Literal["depth", "part", "fractions", "levels", "extremes", "hounsfield", "window", "asked"]
Ends: TypeAlias = tuple[float, float]

FIXED: tuple[Why, ...] = ("hounsfield", "window", "asked")
"""Reasons for ranges that values may leave."""


@dataclass(frozen=True, order=True)
class Kind:
    """Values that mean the same in all files: `name` says which files they are of."""

    name: str
    rule: Rule


WHOLE_NUMBERS = Kind("grey files of more than 8 bits", "depth")
COLOURS = Kind("colour files of more than 8 bits", "depth")
FRACTIONS = Kind("files of numbers with fractions", "fractions")
HOUNSFIELD = Kind("CT files", "hounsfield")


@dataclass(frozen=True)
class Extremes:
    """Between which values nearly all pixels of one image lie, and the window that its file states, if any.

    `wrapped`: they look like numbers below 0 that were saved without their sign. `gaps`: some pixels have no value.
    """

    kind: Kind
    low: float
    high: float
    window: Ends | None = None
    wrapped: bool = False
    gaps: bool = False


@dataclass(frozen=True)
class Range:
    """The values that become black and white, and why these; what lies outside becomes black or white too.

    `lowest` and `highest` are those of the images looked at without the `strays`, which reach far beyond all others;
    `windows` counts the different ones that files state, `wrapped` the images whose values seem to lack a sign, `gaps`
    those with pixels without a value.
    """

    low: float
    high: float
    why: Why
    lowest: float
    highest: float
    strays: int = 0
    windows: int = 0
    wrapped: int = 0
    gaps: int = 0

    @property
    def stated(self) -> Ends | None:
        """The window, where files state it."""
        return (self.low, self.high) if self.why == "window" else None

    @property
    def bits(self) -> int | None:
        """The bits that hold the highest value; None unless the values are whole numbers from 0 on."""
        whole = self.why in ("depth", "part") and self.lowest >= 0
        return depth_of(self.highest) if whole else None

    def is_left_by(self, found: Extremes) -> bool:
        """Return whether the image's values reach so far beyond the range that they would at least double it."""
        if self.why in FIXED:
            return False
        reach = max(self.high, found.high) - min(self.low, found.low)
        return reach > 2 * (self.high - self.low)


class Values(Protocol):
    """The values of one image, of one kind."""

    @property
    def kind(self) -> Kind:
        """What they mean."""

    def extremes(self) -> Extremes:
        """Find between which values nearly all pixels lie."""

    def beyond(self, chosen: Range) -> Extremes | None:
        """Return the extremes if they reach far beyond the range, else None."""


@dataclass(frozen=True)
class PixelScale:
    """The range of each kind of values that a data set holds; `asked` is the window that the request gives for CT."""

    ranges: tuple[tuple[Kind, Range], ...] = ()
    asked: Ends | None = None

    def of(self, values: Values) -> Range:
        """Return the range for these; for a kind that the data set was not known to hold, that of the image alone."""
        known = dict(self.ranges).get(values.kind)
        return known or _range(values.kind, [values.extremes()], self.asked)

    def left_by(self, values: Values) -> Extremes | None:
        """Return the image's extremes if they reach far beyond the range of its kind, else None."""
        known = dict(self.ranges).get(values.kind)
        return values.beyond(known) if known else None

    def widened(self, found: Sequence[Extremes]) -> PixelScale:
        """Return the scale that holds these images too, none of them an exception."""
        known = [Extremes(kind, own.lowest, own.highest, own.stated) for kind, own in self.ranges]
        return made_of([*known, *found], self.asked, strays=False)


def made_of(found: Sequence[Extremes], asked: Ends | None = None, *, strays: bool = True) -> PixelScale:
    """Choose the ranges by the images looked at; `asked` is the window of Hounsfield units that was asked for."""
    kinds = sorted({one.kind for one in found})
    return PixelScale(
        tuple((kind, _range(kind, [one for one in found if one.kind == kind], asked, strays=strays)) for kind in kinds),
        asked,
    )


def depth_of(highest: float) -> int:
    """Return the bits of the smallest usual depth that holds the value, 32 beyond 16."""
    return next((bits for bits in DEPTHS if highest < 2**bits), 32)


def _range(kind: Kind, found: Sequence[Extremes], asked: Ends | None, *, strays: bool = True) -> Range:
    kept = _without_strays(found) if strays else found
    chosen, why = _chosen(kind, kept, _ends(kept), asked)
    gaps = sum(one.gaps for one in found)
    if why in FIXED:
        return Range(*chosen, why, *_ends(found), windows=len({one.window for one in found if one.window}), gaps=gaps)
    wrapped = sum(one.wrapped for one in found)
    return Range(*chosen, why, *_ends(kept), strays=len(found) - len(kept), wrapped=wrapped, gaps=gaps)


def _ends(found: Sequence[Extremes]) -> Ends:
    return min(one.low for one in found), max(one.high for one in found)


def _chosen(kind: Kind, kept: Sequence[Extremes], used: Ends, asked: Ends | None) -> tuple[Ends, Why]:
    if kind.rule == "hounsfield":
        return _window(kept, asked)
    if used[0] < 0:
        return _negative(kind, kept, used, asked)
    if kind.rule == "depth":
        full: Ends = (0.0, 2.0 ** depth_of(used[1]) - 1)
        return (used, "part") if 0 < NARROW * (used[1] - used[0]) < full[1] else (full, "depth")
    if kind.rule == "fractions" and used[1] <= 1:
        return (used, "extremes") if 0 < NARROW * (used[1] - used[0]) < 1 else ((0.0, 1.0), "fractions")
    if kind.rule == "fractions" and LEVELS[0] < used[1] <= LEVELS[1] <= NARROW * (used[1] - used[0]):
        return (0.0, LEVELS[1]), "levels"
    return used, "extremes"


def _window(found: Sequence[Extremes], asked: Ends | None) -> tuple[Ends, Why]:
    """Choose the window asked for, else the one that most files state, else the one for all tissue."""
    if asked:
        return asked, "asked"
    [(window, count)] = Counter(one.window for one in found).most_common(1)
    return (window, "window") if window and 2 * count > len(found) else (CT_WINDOW, "hounsfield")


def _negative(kind: Kind, found: Sequence[Extremes], used: Ends, asked: Ends | None) -> tuple[Ends, Why]:
    """Take values of which half of the files have some of air for Hounsfield units, which no header says."""
    lows, highs = sorted(one.low for one in found), sorted(one.high for one in found)
    of_air = AIR[0] <= lows[len(lows) // 2] <= AIR[1] and highs[len(highs) // 2] > AIR[1]
    if kind.rule in ("depth", "fractions") and of_air:
        return (asked, "asked") if asked else (CT_WINDOW, "hounsfield")
    return used, "extremes"


def _without_strays(found: Sequence[Extremes]) -> Sequence[Extremes]:
    """Leave out the few images without which the range of all others is less than half as wide."""
    if len(found) < STRAYS_FROM:
        return found
    most = max(1, len(found) // STRAY_PART)
    kept: Sequence[Extremes] = sorted(found, key=lambda one: one.high)
    kept = kept[: _kept(_spans(kept), most)]
    downwards = sorted(kept, key=lambda one: -one.low)
    return downwards[: _kept(_spans(downwards), most - len(found) + len(kept))]


def _spans(found: Sequence[Extremes]) -> list[float]:
    """Return how wide the range of the first one, two, three … images is."""
    spans, low, high = [], found[0].low, found[0].high
    for one in found:
        low, high = min(low, one.low), max(high, one.high)
        spans.append(high - low)
    return spans


def _kept(spans: Sequence[float], most: int) -> int:
    """Return how many to keep: all, or all but the few last ones that more than double the range."""
    for left_out in range(1, most + 1):
        if 0 < 2 * spans[-1 - left_out] < spans[-1]:
            return len(spans) - left_out
    return len(spans)
