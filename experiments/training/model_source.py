"""What it takes to use a finished run's model, all of it in plain values and local paths. Pure: no torch, no NumPy."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class ModelSource(msgspec.Struct, frozen=True, kw_only=True):
    """One run's best checkpoint, and how its inputs are read and its outputs become decisions.

    `config` is the run's dumped TrainingConfig. `checkpoint` is the absolute path of the best checkpoint on this
    machine, `sha256` that of its content, and `folder` the absolute path of a folder that holds the run's
    `inference.json`, `reading.json` and, of a table, `features.csv`. `classes` are in label order. Of two classes
    `positive` is the one that scores stand for, and `own_threshold` the raw score from which the run itself predicts
    it; both are None of more. `decision` is that part of `inference.json`, brought up to date: it says whether the
    own or a saved threshold holds. `recalibration` has `slope` and `intercept` of Platt's method, None where it was
    not fitted. `rendering` says how pixels were read, as the metadata of `predictions.parquet` do; None of a table.
    `networks` are a team's custom networks, `models_dir` is where files of weights lie. `onnx_file` is the absolute
    path of a model file that was written of the run, for those who predict image by image; None where there is none.
    """

    run_id: int
    attempt: int
    config: dict[str, Any]
    checkpoint: str
    folder: str
    sha256: str
    classes: list[str]
    positive: str | None = None
    own_threshold: float | None = None
    decision: dict[str, Any] | None = None
    recalibration: dict[str, Any] | None = None
    rendering: dict[str, Any] | None = None
    networks: list[str] = []
    models_dir: str = ""
    onnx_file: str | None = None

    @property
    def kind(self) -> Literal["image", "table"]:
        """What the model takes."""
        return "table" if self.rendering is None else "image"

    @property
    def threshold(self) -> float | None:
        """The raw score by which is decided: that of the saved operating point, else the own; None of many classes."""
        saved = self.saved_point
        if saved is None:
            return self.own_threshold
        found: float = saved["threshold"]
        return found

    @property
    def saved_point(self) -> dict[str, Any] | None:
        """The saved operating point that holds, as `decision` has it; None where the run's own threshold does."""
        if self.decision is None or self.decision.get("holds") != "saved":
            return None
        saved: dict[str, Any] | None = self.decision.get("saved")
        return saved
