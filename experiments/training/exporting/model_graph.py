"""A trained network with its preprocessing and its decision as one module, which is what a model file holds."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from experiments.training.exporting.decision_graph import BinaryDecision, HighestScore
from experiments.training.exporting.input_graph import Pixels, Rows
from experiments.training.exporting.lowest_positive import lowest_positive_logit
from experiments.training.exporting.table_columns import TableColumns
from experiments.training.model_source import ModelSource
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.trained_model import TrainedModel

NO_FORWARD = (
    "The network's forward gives {found} for {batch} samples, not one score for each{many}, so it cannot be put into a "
    "file. Let forward of the module return the scores before sigmoid or softmax, as its steps do."
)


class ModelGraph(nn.Module):
    """Images or rows -> outputs by name, as `model_metadata.OUTPUTS` describes them.

    `network` takes what training batches hold, and gives one logit per sample for two classes, else one per class.
    """

    def __init__(self, entry: Pixels | Rows, network: nn.Module, decision: BinaryDecision | HighestScore) -> None:
        super().__init__()
        self.entry = entry
        self.network = network
        self.decision = decision

    @property
    def input_name(self) -> str:
        """The name of the only input."""
        return self.entry.input_name

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs, in their order."""
        return list(self.decision.outputs)

    def forward(self, inputs: Tensor) -> dict[str, Tensor]:
        """Compute all outputs of a batch."""
        logits = self.network(self.entry(inputs)).float()
        if isinstance(self.decision, BinaryDecision):
            logits = logits.reshape(-1)
        return dict(zip(self.output_names, self.decision(logits), strict=True))


def graph_of(model: TrainedModel, columns: TableColumns | None) -> ModelGraph:
    """Put a model together with its preprocessing and its decision; `columns` are those of a table."""
    entry = Pixels() if columns is None else Rows(columns)
    return ModelGraph(entry, model.module, _decision(model.source)).eval().requires_grad_(False)


def _decision(source: ModelSource) -> BinaryDecision | HighestScore:
    """Make the end of the graph: where the run decides now, and Platt's method if it was fitted."""
    if len(source.classes) > 2:
        return HighestScore()
    fitted = source.recalibration
    line = None if fitted is None else (float(fitted["slope"]), float(fitted["intercept"]))
    return BinaryDecision(lowest_positive_logit(source), line)


def require_scores(graph: ModelGraph, inputs: Tensor, classes: int) -> None:
    """Compute the network of a batch once, and raise ModelError unless it gives scores in the shape of the classes."""
    with torch.no_grad():
        found = graph.network(graph.entry(inputs))
    batch, each = len(inputs), 1 if classes == 2 else classes
    right = isinstance(found, Tensor) and (
        tuple(found.shape) == (batch, each) or (each == 1 and tuple(found.shape) == (batch,))
    )
    if not right:
        shape = f"the shape {tuple(found.shape)}" if isinstance(found, Tensor) else f"a {type(found).__name__}"
        many = "" if each == 1 else " and class"
        raise ModelError("networks", NO_FORWARD.format(found=shape, batch=batch, many=many))
