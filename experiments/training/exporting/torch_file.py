"""Write a model as one file of torch.export, for those who go on with PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import torch
from torch import Tensor

from experiments.training.exporting.model_graph import ModelGraph
from experiments.training.exporting.onnx_file import exported

METADATA = "metadata.json"
"""The name of the extra file that holds the metadata."""


def write(graph: ModelGraph, example: Tensor, path: Path, metadata: Mapping[str, str]) -> None:
    """Write the file, with the metadata as its extra file. Raises ModelError for a network that cannot be exported."""
    program = exported(graph, example)
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # lines of source files on this machine
    torch.export.save(program, path, extra_files={METADATA: msgspec.json.encode(metadata).decode()})
