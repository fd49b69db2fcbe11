"""Keep small pictures of the most confident errors with the run: its page shows them at once, wherever the data are.

They are the pixels that the network got. Everything else is drawn from the data when somebody looks at it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from experiments.training.contract.reports import Job
from experiments.training.data.files import run_log
from experiments.training.data.module import DataModule
from experiments.training.recipes.evaluation import Predictions
from runs.atomic_files import replacing
from runs.statistics.roc import Ints

NAME = "error_pictures.zip"
EACH = 48  # of a split: of the samples missed, and as many of the false alarms
SIDE = 160  # pixels of the longer side, at most


def write(job: Job, folder: Path, predictions: Sequence[Predictions], data: Any) -> None:
    """Write `error_pictures.zip`: `<split>/<row among the split's predictions>.png`; none of a table.

    Its comment names the attempt: another one may predict other rows. A run does not fail for want of pictures: what
    goes wrong is written to its log.
    """
    if not job.keep_pictures or not isinstance(data, DataModule) or data.image_files is None:
        return
    try:
        with replacing(folder / NAME) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            archive.comment = f"attempt {job.attempt}".encode()
            for part in predictions:
                for place in worst(part):
                    picture = png(data.pixels(int(part.positions[place])))
                    archive.writestr(f"{part.split}/{place}.png", picture)
    except (OSError, ValueError, MemoryError) as error:
        run_log.write(f"The pictures of the errors were not kept: {type(error).__name__}: {error}")


def worst(part: Predictions) -> list[int]:
    """Return where the most confident errors are: of two classes, those of any threshold.

    The lowest scores of the positive class and the highest of the other come first in every list of errors.
    """
    if part.logits.ndim == 1:
        missed = _first(np.flatnonzero(part.targets == 1), part.logits)
        return [*missed, *_first(np.flatnonzero(part.targets != 1), -part.logits)]
    said = part.scores.argmax(axis=1)
    wrong = np.flatnonzero(said != part.targets)
    return _first(wrong, -part.scores[np.arange(len(said)), said], count=2 * EACH)


def _first(places: Ints, order: NDArray[Any], count: int | None = None) -> list[int]:
    """Select the places with the lowest values of `order`, EACH unless `count` says otherwise."""
    chosen: list[int] = places[np.argsort(order[places], kind="stable")[: count or EACH]].tolist()
    return chosen


def png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode pixels (channels, height, width), shrunk to at most SIDE pixels a side."""
    image = Image.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
    image.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()
