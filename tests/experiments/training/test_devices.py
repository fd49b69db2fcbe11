"""Which devices a training may ask for, and which it gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from pytorch_lightning.strategies import SingleDeviceStrategy

from experiments.api.validation_messages import explain
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.trainer_config import TrainerConfig
from experiments.training.data.sources import inspect
from experiments.training.ranks import TooFewDevices, backend_for
from experiments.training.recipes import cpu_threads
from experiments.training.recipes.centralized import _trainer
from experiments.training.recipes.failures import reason
from tests.experiments.training.datasets import config_of
from tests.experiments.training.trainings import job_of


@pytest.mark.parametrize("devices", [1, "auto"])
def test_one_device_is_handed_to_lightning(tmp_path: Path, devices: Any) -> None:
    job = job_of(tmp_path / "7", trainer={"devices": devices, "accelerator": "cpu"})
    config = TrainingConfig.model_validate(job.config)
    assert config.trainer.processes == 1
    trainer = _trainer(config, job, [])
    assert (trainer.num_devices, trainer.world_size) == (1, 1)
    assert isinstance(trainer.strategy, SingleDeviceStrategy)


@pytest.mark.parametrize(
    ("trainer", "field", "cure"),
    [
        ({"devices": 0}, "devices", "from 1 to 16"),
        ({"devices": -1}, "devices", "from 1 to 16"),
        ({"devices": 17}, "devices", "from 1 to 16"),
        ({"devices": "all"}, "devices", "auto"),
        ({"devices": 1.5}, "devices", "integer"),
        ({"strategy": "ddp"}, "strategy", "set trainer.devices"),
        ({"strategy": "ddp", "devices": 1}, "strategy", "set trainer.devices"),
        ({"strategy": "fsdp", "devices": 2}, "strategy", "'auto' or 'ddp'"),
        ({"num_nodes": 65}, "num_nodes", "less than or equal to 64"),
        ({"num_nodes": 0}, "num_nodes", "greater than or equal to 1"),
    ],
)
def test_what_cannot_work_is_refused_with_its_cure(trainer: Any, field: str, cure: str) -> None:
    with pytest.raises(ValidationError) as refused:
        config_of("x", trainer=trainer)
    [problem] = explain(refused.value)
    assert problem["field"] == f"trainer.{field}"
    assert cure in problem["message"]


@pytest.mark.parametrize("trainer", [{"devices": 2}, {"devices": 16, "strategy": "ddp", "num_nodes": 1}])
def test_several_devices_are_as_many_processes(trainer: Any) -> None:
    config = config_of("x", trainer=trainer)
    assert config.trainer.processes == trainer["devices"]


def test_several_machines_have_equally_many_each() -> None:
    config = config_of("x", trainer={"devices": 3, "strategy": "ddp", "num_nodes": 4})
    assert config.trainer.processes == 12
    assert config_of("x", trainer={"strategy": "ddp", "num_nodes": 2}).trainer.processes == 2


@pytest.mark.parametrize(
    ("gpus", "devices", "accelerator", "backend"),
    [
        (0, 2, "auto", "gloo"),
        (4, 2, "cpu", "gloo"),
        (2, 2, "auto", "cpu:gloo,cuda:nccl"),
        (1, 2, "auto", None),
        (0, 2, "gpu", None),
    ],
)
def test_each_rank_needs_a_gpu_of_its_own_where_gpus_are_used(
    monkeypatch: pytest.MonkeyPatch, gpus: int, devices: int, accelerator: str, backend: str | None
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    asked = config_of("x", trainer={"devices": devices, "accelerator": accelerator}).trainer
    if backend:
        assert backend_for(asked, devices) == backend
        return
    with pytest.raises(TooFewDevices) as refused:
        backend_for(asked, devices)
    assert reason(refused.value) == (
        "trainer.devices asks for 2, and the machine that ran this training has 1 GPU. "
        "Ask for at most 1, or set trainer.accelerator to cpu."
        if gpus
        else "No GPU was found on the machine that ran this training. Set trainer.accelerator to auto or cpu."
    )


@pytest.mark.parametrize(("cores", "processes", "threads"), [(1, 1, 1), (2, 2, 1), (16, 1, 8), (16, 2, 4), (16, 16, 1)])
def test_processes_share_half_the_cores(
    monkeypatch: pytest.MonkeyPatch, cores: int, processes: int, threads: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: set(range(cores)), raising=False)
    assert cpu_threads.chosen(TrainerConfig(), processes) == threads
    assert cpu_threads.chosen(TrainerConfig(threads=5), processes) == 5


@pytest.mark.parametrize(
    ("busy", "usable", "processes", "threads"),
    [
        ([0.0, 4.0], {0, 1}, 1, 2),
        ([0.0, 0.0], {1}, 1, 1),
        ([3.0, 98.0], {0, 1}, 1, 1),
        ([100.0, 100.0], {0, 1}, 1, 1),
        ([2.0] * 6 + [100.0] * 2, set(range(8)), 1, 6),
        ([2.0] * 6 + [100.0] * 2, set(range(8)), 2, 3),
        ([2.0] * 6 + [100.0] * 2, {0, 6, 7}, 1, 1),
    ],
)
def test_threads_for_what_is_idle(
    monkeypatch: pytest.MonkeyPatch, busy: list[float], usable: set[int], processes: int, threads: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: usable, raising=False)
    monkeypatch.setattr("psutil.cpu_percent", lambda interval, percpu: busy)
    assert cpu_threads.chosen(TrainerConfig(threads="idle"), processes) == threads


def test_a_deterministic_training_does_not_choose_its_threads_by_the_moment() -> None:
    with pytest.raises(ValueError, match=r"trainer\.threads"):
        TrainerConfig(threads="idle", deterministic=True)
    assert TrainerConfig(threads=2, deterministic=True).threads == 2


def test_a_split_with_fewer_samples_than_devices_is_refused() -> None:
    config = config_of("builtin:breast-cancer", data={"test_fraction": 0.01}, trainer={"devices": 16})
    with pytest.raises(SourceError) as refused:
        inspect(config, [])
    assert refused.value.field == "trainer.devices"
    assert "the 6 test samples" in refused.value.message
    assert "at most 6" in refused.value.message


def test_batches_of_all_devices_must_fit_into_the_training_split() -> None:
    config = config_of("builtin:breast-cancer", data={"batch_size": 100}, trainer={"devices": 8})
    with pytest.raises(SourceError) as refused:
        inspect(config, [])
    assert refused.value.field == "data.batch_size"
    assert "100 on each of 8 devices" in refused.value.message
    assert "at most 57" in refused.value.message


@pytest.mark.parametrize("weights", [[1, -1], "heavy", [1, None]])
def test_wrong_class_weights_are_named(weights: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        config_of("x", loss={"class_weights": weights})
    assert all(problem["field"].startswith("loss.class_weights") for problem in explain(refused.value))
    assert not any("tuple" in problem["field"] for problem in explain(refused.value))
