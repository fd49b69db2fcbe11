"""What explanations are answered with. See `experiments.explanations.views`."""

from __future__ import annotations

from typing import Literal, TypedDict

from experiments.training.explanation.findings import ColumnImportance, ColumnShare
from experiments.training.prediction.serving.messages import Item


class MapOfImage(TypedDict):
    """Where in an image the score depends on it: `grid` has rows of numbers from 0 to 1, the top first.

    `highest` is what 1 stands for; where it is 0, nothing in the image raises the score, and all of the grid is 0.
    `picture` (what the network got), `overlay` (the map's colours, transparent where it is 0) and `blended` (both) are
    `data:` addresses of PNGs of one size.
    """

    layer: str | None
    size: int
    rows: int
    columns: int
    grid: list[list[float]]
    highest: float
    picture: str
    overlay: str
    blended: str


class SharesOfRow(TypedDict):
    """By how much the logit is another one than with a column's value replaced by the training rows' median.

    The largest changes come first; `others` are columns that are left out. `together`: with all columns replaced.
    """

    columns: list[ColumnShare]
    others: int
    together: float


Explanation = TypedDict(
    "Explanation",
    {
        "run_id": int,
        "attempt": int,
        "model_sha256": str,
        "item": Item,
        "class": str,
        "logit": float,
        "score": float,
        "method": Literal["grad_cam", "occlusion", "median_occlusion"],
        "method_name": str,
        "shows": str,
        "is_not": list[str],
        "image": MapOfImage | None,
        "row": SharesOfRow | None,
        "note": str | None,
    },
)
Explanation.__doc__ = """What the score of `class` depends on, in an `image` or a `row`; the other one is null.

`logit` is that of the class: of two classes, the negative one has minus the network's output. `shows` says what the
explanation shows, `is_not` what it does not. `note` says where a sample of the run has another score than was stored.
"""


class ColumnRanking(TypedDict):
    """By how much the area under the ROC curve falls when a column's values are shuffled, the largest fall first.

    `auroc` is that of the samples as they are: of more than two classes the mean of one class against the rest. Of
    `of_samples` in the split `samples` were used; `patients` is null where they are not known. `others` counts columns
    that were not looked at.
    """

    run_id: int
    attempt: int
    model_sha256: str
    split: Literal["test", "val"]
    method: Literal["permutation"]
    method_name: str
    shows: str
    is_not: list[str]
    columns: list[ColumnImportance]
    others: int
    auroc: float
    samples: int
    of_samples: int
    patients: int | None
    repeats: int
