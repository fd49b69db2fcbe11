"""What is said of one sample or one split: the answers of an explanation, in plain values. Pure: no torch, no NumPy."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

ImageMethod: TypeAlias = Literal["grad_cam", "occlusion"]


class ImageMap(msgspec.Struct, frozen=True, kw_only=True):
    """Where in an image the score of a class depends on it.

    `grid` has a row of numbers from 0 to 1 for each row of the map's own places, the top first; 1 is its highest.
    `highest` is what 1 stands for, in the method's own unit; 0 means that nothing speaks for the class, and all of the
    map is 0. `size` are the pixels a side that the network got. `layer` is that of Grad-CAM, None of another method.
    `picture` is a PNG of what the network got, `overlay` one of the same size with the map's colours, transparent where
    it is 0, and `blended` both together.
    """

    method: ImageMethod
    layer: str | None
    size: int
    rows: int
    columns: int
    grid: list[list[float]]
    highest: float
    picture: bytes
    overlay: bytes
    blended: bytes


class ColumnShare(msgspec.Struct, frozen=True, kw_only=True):
    """How the logit of a class changes by one column's value, against that of the median training row.

    Positive: the value raises it. `value` is as the network gets it before it is standardised, of a category its name.
    """

    column: str
    value: str | float | None
    reference: str | float | None
    change: float


class RowShares(msgspec.Struct, frozen=True, kw_only=True):
    """What single columns of one row do to the logit of a class, the largest changes first.

    `others` are columns that are left out of `columns`, `together` is the change when all columns are replaced at once.
    """

    method: Literal["median_occlusion"] = "median_occlusion"
    columns: list[ColumnShare]
    others: int
    together: float


class ColumnImportance(msgspec.Struct, frozen=True, kw_only=True):
    """By how much the area under the ROC curve falls when one column's values are shuffled among samples.

    `mean` and `deviation` are over the repeats. `like` are columns that say much the same.
    """

    column: str
    mean: float
    deviation: float
    like: list[str]


class Importances(msgspec.Struct, frozen=True, kw_only=True):
    """Permutation importance of the columns on one split, the most important first.

    `auroc` is that of the samples as they are: of more than two classes, the mean over one class against the rest.
    `samples` of `of_samples` were used, `patients` is their number, None where they are not known. `others` are columns
    that were not looked at.
    """

    method: Literal["permutation"] = "permutation"
    columns: list[ColumnImportance]
    others: int
    auroc: float
    samples: int
    of_samples: int
    patients: int | None
    repeats: int
