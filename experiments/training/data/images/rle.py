"""Measure how long DICOM's run-length packed pixels become, before they are unpacked."""

from __future__ import annotations

import struct

from experiments.training.data.images.image_faults import ImageFault

HEADER_BYTES = 64
MAX_SEGMENTS = 15


def refuse_longer(frame: bytes, limit: int) -> None:
    """Raise ImageFault if a segment (one byte of each pixel) unpacks to more than `limit` + 128 bytes."""
    count, *offsets = struct.unpack("<16I", frame[:HEADER_BYTES].ljust(HEADER_BYTES, b"\0"))
    if not 0 < count <= MAX_SEGMENTS:
        raise ImageFault("its run-length packed pixels have a broken header")
    ends = [*offsets[1:count], len(frame)]
    for start, end in zip(offsets[:count], ends, strict=True):
        if _longer(memoryview(frame)[start:end], limit + 128):
            raise ImageFault("its pixel data unpack to more than its header says")


def _longer(segment: memoryview, limit: int) -> bool:
    """Return whether the segment unpacks to more than `limit` bytes, stopping as soon as that is known.

    A byte of 0 … 127 precedes one more bytes than it says, as they are; 129 … 255 precede one byte to be repeated.
    """
    at = unpacked = 0
    while at < len(segment):
        head = segment[at]
        if head < 128:
            unpacked += head + 1
            at += head + 2
        elif head > 128:
            unpacked += 257 - head
            at += 2
        else:
            at += 1
        if unpacked > limit:
            return True
    return False
