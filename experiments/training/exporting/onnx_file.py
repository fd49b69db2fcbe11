"""Write a model as one ONNX file, which holds its weights and its metadata. Needs the extra `onnx`."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from experiments.training.exporting.model_graph import ModelGraph
from experiments.training.prediction.errors import ModelError

OPSET = 20
MOST_BYTES = 2**31 - 2**20
"""Of all weights: a file of this format holds less than 2 GiB, and something else too."""
NO_EXTRA = (
    'ONNX files need the extra "onnx", which is not installed on this worker; install it (make setup EXTRAS="onnx") '
    "and try again, or ask for the format pt2."
)
TOO_LARGE = "Its weights take {size:.1f} GiB, and one ONNX file holds less than 2; ask for the format pt2."
NOT_EXPORTED = (
    "The network cannot be written as ONNX: {why}. Ask for the format pt2, or replace what is not known to ONNX in "
    "its forward."
)
NO_PROGRAM = (
    "torch.export cannot follow the network: {why}. Its forward must not decide by the values or the number of "
    "samples; rewrite such lines with torch.where, or with shapes of the input alone."
)
LONGEST = 300


def require_extra() -> None:
    """Raise ModelError where the extra is not installed."""
    if any(find_spec(name) is None for name in ("onnx", "onnxscript", "onnxruntime")):
        raise ModelError("format", NO_EXTRA)


def write(graph: ModelGraph, example: Tensor, path: Path, metadata: Mapping[str, str]) -> None:
    """Write the file. Raises ModelError for a network that cannot be exported, and without the extra."""
    require_extra()
    size = sum(one.numel() * one.element_size() for one in [*graph.parameters(), *graph.buffers()])
    if size > MOST_BYTES:
        raise ModelError("format", TOO_LARGE.format(size=size / 2**30))
    program = exported(graph, example)
    with _quiet():
        try:
            found: Any = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=OPSET,
                external_data=False,
                input_names=[graph.input_name],
                output_names=graph.output_names,
                dynamic_shapes=({0: "batch"},),
                verbose=False,
            )
        except Exception as error:  # the exporter's own errors have no common base
            raise ModelError("networks", NOT_EXPORTED.format(why=reason(error))) from error
    _without_places(found.model)
    found.model.metadata_props.update(metadata)
    found.save(path, external_data=False)


def exported(graph: ModelGraph, example: Tensor) -> torch.export.ExportedProgram:
    """Follow the graph for batches of any size; raises ModelError where torch.export cannot."""
    batch = torch.export.Dim("batch")
    with _quiet(), torch.no_grad():
        try:
            return torch.export.export(graph, (example,), dynamic_shapes=({0: batch},))
        except Exception as error:  # a foreign forward raises anything while it is followed
            raise ModelError("networks", NO_PROGRAM.format(why=reason(error))) from error


def reason(error: BaseException) -> str:
    """Return the first line of the innermost cause, short enough for a sentence."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    first = lines[0] if lines else type(error).__name__
    return first[:LONGEST].rstrip(" .:")


def _without_places(model: Any) -> None:
    """Remove what the exporter notes of each node: lines of source files on this machine, half of a small file."""
    model.graph.metadata_props.clear()
    for node in model.graph.all_nodes():
        node.metadata_props.clear()
        node.doc_string = None
        for value in node.outputs:
            value.metadata_props.clear()
    for value in [*model.graph.inputs, *model.graph.initializers.values()]:
        value.metadata_props.clear()


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch's advice to developers out of the log."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
