"""How many devices a training may ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from experiments.problems import explain
from experiments.training.centralized import _trainer
from experiments.training.config import TrainingConfig
from tests.experiments.training.datasets import config_of
from tests.experiments.training.trainings import job_of


@pytest.mark.parametrize("devices", [1, "auto"])
def test_one_device_is_handed_to_lightning(tmp_path: Path, devices: Any) -> None:
    job = job_of(tmp_path / "7", trainer={"devices": devices, "accelerator": "cpu"})
    assert _trainer(TrainingConfig.model_validate(job.config), job, []).num_devices == 1


@pytest.mark.parametrize("devices", [2, 0, -1, "all", 1.5])
def test_anything_else_is_refused(devices: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        config_of("x", trainer={"devices": devices})
    [problem] = explain(refused.value)
    assert problem["field"] == "trainer.devices"
    if devices == 2:
        assert "several devices at once is not supported yet" in problem["message"]


@pytest.mark.parametrize("weights", [[1, -1], "heavy", [1, None]])
def test_wrong_class_weights_are_named(weights: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        config_of("x", loss={"class_weights": weights})
    assert all(problem["field"].startswith("loss.class_weights") for problem in explain(refused.value))
    assert not any("tuple" in problem["field"] for problem in explain(refused.value))
