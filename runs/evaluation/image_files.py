"""Read which files of the source a run's predictions are of, and how their values became grey.

Brings NumPy and Arrow: a web process loads it with the first evaluation that is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from runs.evaluation import class_scores
from runs.models import Run

METADATA = b"livetrain.images"
MOST_BYTES = 2**16


class SampleFile(NamedTuple):
    """A sample at a `place` of its split; file and size are None where it has no file of its own."""

    place: int
    id: str
    file: str | None
    size: int | None


class _Read(msgspec.Struct):
    read_at: int


class Images(NamedTuple):
    """The files, and how all images were read (JSON) and when (nanoseconds since 1970); None of a table."""

    samples: list[SampleFile]
    rendering: bytes | None
    read_at: int | None


def read(run: Run, split: str, places: Sequence[int]) -> Images:
    """Read them for these places. Raises NoScores, also for a place that the split has not, and StoreError."""
    if any(place >= class_scores.MOST_SAMPLES for place in places):
        raise class_scores.NoScores(class_scores.NO_PLACE)
    found = class_scores.identities(run.pk, split, np.asarray(places, dtype=np.int64))
    with class_scores.opened(run.pk) as file:
        rendering = (file.schema_arrow.metadata or {}).get(METADATA)
    samples = [
        SampleFile(place, one.sample_id, one.file, one.file_bytes)
        for place, one in zip(places, found, strict=True)
        if one.sample_id is not None
    ]
    read_at = _read_at(rendering) if rendering and len(rendering) < MOST_BYTES else None
    return Images(samples, None if read_at is None else rendering, read_at)


def _read_at(rendering: bytes) -> int | None:
    """Return when the images were read; None where it does not say so."""
    try:
        return msgspec.json.decode(rendering, type=_Read).read_at
    except msgspec.MsgspecError:
        return None
