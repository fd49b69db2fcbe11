"""What the process that writes a model file is told. Pure."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from experiments.training.exporting.model_facts import ModelFacts

Format: TypeAlias = Literal["onnx", "pt2"]
ONNX: Format = "onnx"
PT2: Format = "pt2"
FORMATS: tuple[Format, ...] = (ONNX, PT2)


class FileRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The file's name and format, and what it says of itself."""

    name: str
    format: Format
    facts: ModelFacts
