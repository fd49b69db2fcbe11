"""Write a run's model as one file that needs nothing else, and see that it computes what the run did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from experiments.training.contract.inference import FILE, TableInput
from experiments.training.data.tables.contents.cells import MISSING, MISSING_AMONG_NUMBERS
from experiments.training.exporting import model_metadata, onnx_file, preprocessing, torch_file, verification
from experiments.training.exporting.file_request import Format
from experiments.training.exporting.model_facts import ModelFacts
from experiments.training.exporting.model_graph import graph_of, require_scores
from experiments.training.exporting.table_columns import TableColumns, arranged
from experiments.training.exporting.verification import Verified
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.trained_model import TrainedModel


class _Inference(msgspec.Struct):
    preprocessing: TableInput


def write(
    model: TrainedModel, facts: ModelFacts, file_format: Format, path: Path, progress: Callable[[str], object]
) -> Verified:
    """Write the file and compare it with the network; `progress` is told what is being done.

    Raises ModelError for a network that cannot be exported, and for a file that differs: then there is no file.
    """
    table = _table(model)
    graph, sample = graph_of(model, table), verification.sample_of(model, table)
    require_scores(graph, sample.given, len(model.classes))
    about = model_metadata.texts(model.source, facts, _preprocessing(model, table), graph.output_names)
    write, outputs = _BY_FORMAT[file_format]
    progress(f"Writing {path.name}")
    write(graph, sample.given[:2], path, about)
    progress("Comparing the file with the network")
    try:
        return verification.verified(model, sample, outputs(path, sample.given))
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _table(model: TrainedModel) -> TableColumns | None:
    table = model.inputs.table
    return None if table is None else arranged(table.features, single=table.single)


def _preprocessing(model: TrainedModel, table: TableColumns | None) -> dict[str, Any]:
    """Describe what a user does with an image or a row before the graph."""
    if table is not None:
        text = Path(model.source.folder, FILE).read_bytes()
        how = msgspec.json.decode(text, type=_Inference).preprocessing
        return preprocessing.of_rows(how, table.columns, sorted(MISSING | MISSING_AMONG_NUMBERS))
    image, pixels = model.inputs.image, model.inputs.reading.pixels
    if image is None:
        raise ModelError("folder", "The run does not say how its images were read; train it again.")
    return preprocessing.of_images(image, model.source.rendering, "" if pixels is None else pixels.scale)


_BY_FORMAT: dict[Format, tuple[Any, Any]] = {
    "onnx": (onnx_file.write, verification.onnx_outputs),
    "pt2": (torch_file.write, verification.torch_outputs),
}
