"""Small pictures, or rows of a table, of samples that a run predicted, by their places among those of a split.

Kept with the run where they are its worst errors, else drawn from the data that it read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from django.contrib.auth.models import AnonymousUser, User

from experiments.api import run_samples
from experiments.api.run_samples import Shown, Wanted
from experiments.training.data.inspection.sample_sheets import RunSample
from runs.models import Run

NOT_YET = "The pictures come when the run has ended: its predictions are stored then."


class Predicted(NamedTuple):
    """A split that a run predicted, and who looks at it."""

    run: Run
    split: str
    user: User | AnonymousUser


class Drawn(NamedTuple):
    """The addresses of pictures by place, and what was found besides."""

    images: dict[int, str]
    found: Shown


def kept(of: Predicted, places: Iterable[int]) -> dict[int, str]:
    """Return `data:` addresses of the pictures that the run keeps. Raises StoreError."""
    from runs.evaluation import error_pictures  # noqa: PLC0415

    return error_pictures.addresses(of.run, of.split, places)


def drawn(of: Predicted, places: Sequence[int], *, inline: bool) -> Drawn:
    """Draw the samples from their data; `inline` brings `data:` addresses of the pictures. Raises StoreError."""
    if not places:
        return Drawn({}, Shown({}, {}))
    found = looked_up(of, places, run_samples.SMALL)
    if inline:
        return Drawn({place: _content(of, place, path) for place, path in found.pictures.items()}, found)
    images = {place: address(of, place) for place in found.pictures}
    return Drawn(images | dict(found.addresses), found)


def looked_up(of: Predicted, places: Sequence[int], side: int) -> Shown:
    """Show the samples from their data, as files of at most `side` pixels a side. Raises StoreError."""
    from runs.evaluation import class_scores, image_files  # noqa: PLC0415

    if of.run.status not in Run.ENDED:  # the file may still be that of a former attempt
        return Shown({}, {}, problem=NOT_YET)
    try:
        samples, rendering, read_at = image_files.read(of.run, of.split, places)
    except class_scores.NoScores as error:
        return Shown({}, {}, problem=str(error))
    asked = [RunSample(place=one.place, id=one.id, file=one.file, size=one.size) for one in samples]
    return run_samples.shown(of.run, of.user, Wanted(of.split, asked, rendering, read_at, side))


def _content(of: Predicted, place: int, path: Path) -> str:
    from runs.evaluation import error_pictures  # noqa: PLC0415

    try:
        content = path.read_bytes()
    except FileNotFoundError:  # another request made room
        content = b""
    small = 0 < len(content) <= error_pictures.MOST_PICTURE_BYTES
    return error_pictures.data_address(content) if small else address(of, place)


def address(of: Predicted, place: int, size: Literal["small", "large"] = "small") -> str:
    """Return where a sample is drawn from its data, if they can still be read."""
    chosen = f"split={of.split}&size={size}&attempt={of.run.attempt}"
    return f"/api/runs/{of.run.pk}/final-samples/{place}/picture/?{chosen}"
