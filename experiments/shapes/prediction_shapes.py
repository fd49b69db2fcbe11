"""What `/api/runs/<id>/predict/` is answered with. See `experiments.predictions.views`."""

from __future__ import annotations

from typing import Literal, TypedDict

from experiments.training.prediction.serving.messages import Item


class Decision(TypedDict):
    """The threshold that holds: from a score of `threshold` on the positive class is predicted.

    With `log_odds` that is compared with the logit instead. `probability` is the threshold, recalibrated.
    """

    holds: Literal["own", "saved"]
    threshold: float
    log_odds: float | None
    probability: float | None
    label: str
    chosen_on: Literal["options", "val", "hand"]
    by: str | None
    at: str | None
    reason: str | None


class RecalibrationUsed(TypedDict):
    """How probabilities come from scores; `reason` says why there are none."""

    method: Literal["platt"] | None
    slope: float | None
    intercept: float | None
    reason: str | None


class PredictingModel(TypedDict):
    """Whose model it is, and how it decides; `decision` is null with more than two classes: the highest score does."""

    run_id: int
    attempt: int
    model_sha256: str
    classes: list[str]
    positive: str | None
    decision: Decision | None
    recalibration: RecalibrationUsed


class ExpectedColumn(TypedDict):
    """A column that rows should have; of texts the first `categories` that the training knew, blank for no value."""

    name: str
    kind: Literal["number", "category"]
    categories: list[str] | None


class DirectLimits(TypedDict):
    """How much is predicted at once; more is queued."""

    files: int
    bytes: int
    rows: int


class ModelInputs(PredictingModel):
    """The same with what the model expects: images of `size` pixels a side, or rows with these columns."""

    kind: Literal["image", "table"]
    size: int | None
    channels: int | None
    columns: list[ExpectedColumn] | None
    column_count: int | None
    limits: DirectLimits


class Predictions(PredictingModel):
    """The same with a prediction for each file or row, in their order."""

    items: list[Item]


class PredictionLinks(TypedDict):
    """Where the job is followed, and its files are downloaded."""

    job: str
    page: str


class QueuedPrediction(TypedDict):
    """A prediction that a worker makes."""

    job_id: int
    run_id: int
    status: str
    links: PredictionLinks
