"""Read from a JPEG or JPEG-LS frame how large its image is, before any decoder gets it."""

from __future__ import annotations

from typing import NamedTuple

from experiments.training.data.images.image_faults import ImageFault

START = b"\xff\xd8"
FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xF7)  # SOF0 … SOF15, SOF55
PRESETS, OVERSIZE = 0xF8, 4  # JPEG-LS: a segment that may replace the size that the frame's header gives
SCAN, END = 0xDA, 0xD9
ALONE = (0x01, *range(0xD0, 0xD8))  # markers without a segment


class Frame(NamedTuple):
    """What the header of a JPEG frame says."""

    columns: int
    rows: int
    samples: int
    bits: int


def read(content: bytes) -> Frame:
    """Return the header of the only frame; raises ImageFault where there is none, or more than one."""
    if not content.startswith(START):
        raise ImageFault("its pixel data are no JPEG image")
    found: Frame | None = None
    at = len(START)
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            break
        marker = content[at + 1]
        if marker == 0xFF or marker in ALONE:  # fill bytes before a marker, and markers without a length
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (SCAN, END):
            break
        length = int.from_bytes(content[at + 2 : at + 4])
        segment = content[at + 4 : at + 2 + length]
        if marker in FRAMES:
            if found is not None:
                raise ImageFault("its pixel data have several headers")
            found = _frame(segment)
        elif marker == PRESETS and segment[:1] == bytes([OVERSIZE]):
            raise ImageFault("its pixel data give their size twice")
        at += 2 + max(length, 2)
    if found is None:
        raise ImageFault("its pixel data have no header")
    return found


def _frame(segment: bytes) -> Frame:
    if len(segment) < 6:
        raise ImageFault("its pixel data have a broken header")
    return Frame(
        columns=int.from_bytes(segment[3:5]),
        rows=int.from_bytes(segment[1:3]),
        samples=segment[5],
        bits=segment[0],
    )
