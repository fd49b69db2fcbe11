"""What is arranged otherwise on the CPU changes no number beyond rounding, nor what a checkpoint holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from torch import Tensor

from experiments.training.callbacks.checkpoints.whole_checkpoints import WholeCheckpoints
from experiments.training.contract.trainer_config import TrainerConfig
from experiments.training.data.module import DataModule, build
from experiments.training.models import registry
from experiments.training.models.classifier import Classifier
from experiments.training.recipes.on_cpu import OnCPU, applies, like
from tests.experiments.training.datasets import config_of, job_of

SMALL: dict[str, Any] = {
    "data": {"batch_size": 512, "image_size": 16, "channels": 3},
    "model": {"name": "cnn", "width": 4, "dropout": 0.3},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> DataModule:
    folder = tmp_path_factory.mktemp("digits")
    config = config_of("builtin:digits-is-8", **SMALL)
    return build(config, job_of(config, folder))


def fit(data: DataModule, folder: Path, strategy: Any, *, epochs: int = 2, resume: Path | None = None) -> Classifier:
    torch.manual_seed(3)
    config = config_of("builtin:digits-is-8", **SMALL)
    module = registry.build(config, input_shape=data.input_shape, num_classes=2, counts=data.train_counts)
    assert isinstance(module, Classifier)
    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        strategy=strategy,
        plugins=[WholeCheckpoints()],
        callbacks=[Reseed(), ModelCheckpoint(folder, "last")],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(module, datamodule=data, ckpt_path=resume, weights_only=True)
    return module


class Reseed(pl.Callback):
    """Makes an epoch's dropout the same after a resume."""

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        torch.manual_seed(trainer.global_step)


def weights(module: Classifier) -> dict[str, Tensor]:
    return {name: value.detach().contiguous() for name, value in module.state_dict().items()}


@pytest.fixture(scope="module")
def trained(data: DataModule, tmp_path_factory: pytest.TempPathFactory) -> tuple[Classifier, Classifier, Path]:
    folder = tmp_path_factory.mktemp("trained")
    return fit(data, folder / "arranged", OnCPU()), fit(data, folder / "plain", "auto"), folder


def test_the_default_network_gives_the_numbers_of_lightnings_own_strategy(
    trained: tuple[Classifier, Classifier, Path],
) -> None:
    arranged, plain, _ = trained
    kernel = arranged.network.get_parameter("block1.1.weight")
    assert kernel.is_contiguous(memory_format=torch.channels_last)
    assert not kernel.is_contiguous()
    torch.testing.assert_close(weights(arranged), weights(plain), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("first", "then"), [("plain", OnCPU), ("arranged", lambda: "auto")])
def test_a_run_goes_on_in_either_arrangement(
    data: DataModule, trained: tuple[Classifier, Classifier, Path], tmp_path: Path, first: str, then: Any
) -> None:
    """A fused optimizer reads its state in the order of the weights' memory, whatever order the state has."""
    begun = OnCPU() if first == "arranged" else "auto"
    fit(data, tmp_path / "begun", begun, epochs=1)
    resumed = fit(data, tmp_path / "resumed", then(), resume=tmp_path / "begun" / "last.ckpt")
    torch.testing.assert_close(weights(resumed), weights(trained[1]), rtol=1e-4, atol=1e-5)


def test_checkpoints_hold_the_optimizers_state_in_the_common_arrangement(
    trained: tuple[Classifier, Classifier, Path],
) -> None:
    checkpoint = torch.load(trained[2] / "arranged" / "last.ckpt", weights_only=True)
    states = checkpoint["optimizer_states"][0]["state"].values()
    kept = [value for state in states for value in state.values()]
    assert any(value.ndim == 4 for value in kept)
    assert all(value.is_contiguous() for value in kept)


def test_a_value_of_another_shape_or_kind_stays_as_it_is() -> None:
    parameter = torch.zeros(2, 3, 4, 4).to(memory_format=torch.channels_last)
    step, nothing = torch.tensor(3.0), None
    assert like(parameter, step) is step
    assert like(parameter, nothing) is nothing
    moved = like(parameter, values := torch.rand(2, 3, 4, 4))
    assert moved.stride() == parameter.stride()
    assert torch.equal(moved, values)


@pytest.mark.parametrize(
    ("asked", "gpu", "expected"),
    [("cpu", True, True), ("auto", False, True), ("auto", True, False), ("gpu", True, False), ("gpu", False, False)],
)
def test_gpus_keep_lightnings_own_strategy(
    monkeypatch: pytest.MonkeyPatch, asked: str, gpu: bool, expected: bool
) -> None:
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: gpu)
    assert applies(TrainerConfig.model_validate({"accelerator": asked})) is expected


def test_writing_a_checkpoint_changes_nothing_of_the_training(tmp_path: Path) -> None:
    moment = torch.rand(2, 3, 4, 4).to(memory_format=torch.channels_last)
    checkpoint: dict[str, Any] = {"optimizer_states": [{"state": {0: {"exp_avg": moment}}, "param_groups": []}]}
    stride = moment.stride()
    WholeCheckpoints().save_checkpoint(checkpoint, tmp_path / "x.ckpt")
    assert checkpoint["optimizer_states"][0]["state"][0]["exp_avg"] is moment
    assert moment.stride() == stride
