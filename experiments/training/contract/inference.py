"""How a checkpoint's network is fed and read, which the checkpoint itself does not tell: `inference.json` of a run.

With it and the reading of the data anyone can repeat a prediction, without Livetrain. Pure: no torch, no NumPy.
"""

from __future__ import annotations

from typing import Any, Literal

from experiments.training.contract.reading import Part

FILE = "inference.json"
FEATURES_FILE = "features.csv"  # beside it, of a table
IMAGES_METADATA = b"livetrain.images"
"""In `predictions.parquet`: how the run's images were read, as JSON."""
CHECKPOINT_METADATA = b"livetrain.checkpoint"
"""In `predictions.parquet`: the SHA-256 of the checkpoint that gave the predictions, as hexadecimal digits."""
PIXEL_DIVISOR, PIXEL_OFFSET = 127.5, 1.0
"""Pixels from 0 to 255 become `x / PIXEL_DIVISOR - PIXEL_OFFSET`, from -1 to 1."""
MAX_LISTED = 200
"""Features that are listed; all of them are in `features.csv`."""


class ImageInput(Part, frozen=True, kw_only=True):
    """How an image becomes numbers, (channels, size, size): decoded, resized, scaled.

    How a stored value becomes one from 0 to 255 is in `reading.json`, under `pixels`. `jpeg_draft` is the size that
    Pillow's `Image.draft` is asked for, so that it decodes large JPEG files at a fraction of their size.
    """

    kind: Literal["image"] = "image"
    size: int
    channels: int
    mode: Literal["L", "RGB"]
    jpeg_draft: list[int]
    resize: str = "to a square with Pillow's bilinear filter (Image.Resampling.BILINEAR), if it is not of that size"
    rounding: str = "whole numbers from 0 to 255"
    formula: str = "x / divisor - offset"
    divisor: float = PIXEL_DIVISOR
    offset: float = PIXEL_OFFSET


class FeatureInput(Part, frozen=True, kw_only=True):
    """One number that the network gets, and what it was standardised with.

    A number is the column's own; one of a category is 1 where the column holds `category` (blank: nothing), else 0.
    """

    name: str
    kind: Literal["number", "category"]
    column: str
    category: str | None
    median: float
    mean: float
    deviation: float


class TableInput(Part, frozen=True, kw_only=True):
    """How a row becomes numbers: missing ones are filled, then all are standardised as float64 and made float32.

    The constants are of the training split. `features` are in the network's order; `constant` had the same value in all
    training rows and are left out. Both list the first so many.
    """

    kind: Literal["table"] = "table"
    missing: str = "a missing number is the median"
    missing_cells: list[str]
    formula: str = "(x - mean) / deviation"
    feature_count: int
    features: list[FeatureInput]
    all_features: str = FEATURES_FILE
    constant_count: int
    constant: list[str]


class NetworkInput(Part, frozen=True, kw_only=True):
    """The network in the checkpoint: its weights are in `state_dict`, their names begin with `prefix`."""

    name: str
    options: dict[str, Any]
    input_shape: list[int]
    outputs: int
    prefix: str


class Output(Part, frozen=True, kw_only=True):
    """What the raw scores mean: `classes` are in label order.

    Of two classes there is one score, and its sigmoid is that of `positive`; a score of at least `threshold`, the run's
    own, predicts it, unless `decision` of the file says otherwise. Of more, the softmax of the scores is one for each
    class.
    """

    classes: list[str]
    positive: str | None
    scores: Literal["sigmoid", "softmax"]
    threshold: float | None


class Inference(Part, frozen=True, kw_only=True):
    """Everything that a prediction needs besides the checkpoint and the data.

    `decision` says at which threshold the run decides: the server writes it when the run has ended, and again when a
    user saves an operating point (`runs.files.decision_part`).
    """

    preprocessing: ImageInput | TableInput
    network: NetworkInput
    output: Output
    decision: None = None
