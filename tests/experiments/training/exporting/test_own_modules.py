"""A team's own LightningModule, whose steps may do anything: what its file computes is compared with its steps."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn

from experiments.training.exporting import building
from experiments.training.prediction.errors import ModelError
from experiments.training.prediction.trained_model import TrainedModel
from tests.experiments.training.exporting.exported import FACTS
from tests.experiments.training.exporting.untrained import SIZE, model_of


class Own(LightningModule):
    """Its steps give the scores of `forward`, divided by a temperature that only they know."""

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self.head = nn.Linear(SIZE * SIZE, 1)
        self._temperature = temperature

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.head(x.flatten(1))
        return found

    def validation_step(self, batch: tuple[Tensor, Tensor, Tensor], _number: int) -> dict[str, Tensor]:
        x, target, _ = batch
        logits = self(x).squeeze(-1) / self._temperature
        loss = nn.functional.binary_cross_entropy_with_logits(logits, target.float())
        return {"loss": loss, "logits": logits, "target": target}


def model_with(temperature: float) -> TrainedModel:
    known = model_of()
    torch.manual_seed(2)
    module = Own(temperature).eval().requires_grad_(False)
    return TrainedModel(known.source, known.config, known.inputs, module, "cpu")


def test_a_module_whose_steps_give_the_scores_of_forward_is_written(tmp_path: Path) -> None:
    found = building.write(model_with(1.0), FACTS, "pt2", tmp_path / "a.pt2", lambda _: None)
    assert found.deviation < 1e-6
    outputs = torch.export.load(tmp_path / "a.pt2").module()(torch.zeros(3, 1, SIZE, SIZE, dtype=torch.uint8))
    assert list(outputs) == ["logit", "score", "label"]
    assert {tuple(value.shape) for value in outputs.values()} == {(3,)}


def test_a_module_whose_steps_do_more_than_forward_is_not_offered(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        building.write(model_with(2.0), FACTS, "pt2", tmp_path / "a.pt2", lambda _: None)
    assert "if the network is your own, see that its forward computes what its steps do" in caught.value.message
    assert list(tmp_path.iterdir()) == []
