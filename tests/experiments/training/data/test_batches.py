"""The order of samples: a function of seed and epoch, in a real Trainer and after a resume too."""

from __future__ import annotations

import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback, ModelCheckpoint

from experiments.training.data.batches import Batch, BatchIndices, TensorBatches, loader
from experiments.training.data.module import DataModule, build
from experiments.training.models import registry
from tests.experiments.training.datasets import config_of, job_of


def order(indices: BatchIndices, epoch: int) -> list[list[int]]:
    indices.set_epoch(epoch)
    return [batch.tolist() for batch in indices]


def test_each_epoch_has_an_order_of_its_own_with_every_sample_once() -> None:
    indices = BatchIndices(range(100, 150), 8, seed=3)
    epochs = [order(indices, epoch) for epoch in range(5)]
    assert len({str(epoch) for epoch in epochs}) == 5
    for epoch in epochs:
        assert sorted(chain(*epoch)) == list(range(100, 150))
        assert [len(batch) for batch in epoch] == [8] * 6 + [2]
    assert order(BatchIndices(range(100, 150), 8, seed=3), 4) == epochs[4]
    assert order(BatchIndices(range(100, 150), 8, seed=4), 4) != epochs[4]


def test_without_a_seed_samples_come_in_order() -> None:
    indices = BatchIndices([5, 3, 9], 2)
    assert order(indices, 0) == order(indices, 1) == [[5, 3], [9]]


@pytest.mark.parametrize(
    ("samples", "batch_size", "sizes"), [(9, 4, [4, 4]), (10, 4, [4, 4, 2]), (8, 4, [4, 4]), (3, 1, [1, 1, 1])]
)
def test_a_last_training_batch_of_one_sample_is_left_out(samples: int, batch_size: int, sizes: list[int]) -> None:
    indices = BatchIndices(range(samples), batch_size, seed=1)
    assert [len(batch) for batch in indices] == sizes
    assert len(indices) == len(sizes)


def test_every_sample_is_validated() -> None:
    assert len(BatchIndices(range(9), 4)) == 3


def test_workers_start_at_once_in_a_training_process_too(tmp_path: Path) -> None:
    """Not by the way in which that process itself was started: it takes 10 to 50 seconds for each of them."""
    script = """
import multiprocessing, torch
from experiments.training.data.batches import BatchIndices, TensorBatches, loader
multiprocessing.set_start_method("forkserver")
data = TensorBatches(torch.zeros(4, 2), torch.zeros(4, dtype=torch.int64))
batches = loader(data, BatchIndices([0, 1, 2, 3], 2), 2)
print(batches.multiprocessing_context.get_start_method(), len(list(batches)))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["fork", "2"]


@pytest.mark.parametrize("num_workers", [0, 2])
def test_batches_hold_normalised_inputs_labels_and_their_indices(num_workers: int) -> None:
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(3, 1, 1, 1).expand(3, 1, 2, 2)
    data = TensorBatches(pixels, torch.tensor([0, 1, 1]))
    (x, y, index), last = loader(data, BatchIndices([2, 0, 1], 2), num_workers)
    assert (x.dtype, y.dtype, index.dtype) == (torch.float32, torch.int64, torch.int64)
    assert x.shape == (2, 1, 2, 2)
    assert x[:, 0, 0, 0].tolist() == [1.0, -1.0]
    assert last[0][0, 0, 1, 1].item() == pytest.approx(-0.6)
    assert (y.tolist(), index.tolist(), last[2].tolist()) == ([1, 0], [2, 0], [1])


class Recorder(Callback):
    """A callback that keeps which samples each training batch of each epoch had."""

    def __init__(self) -> None:
        self.seen: dict[int, list[list[int]]] = {}

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Batch, _: int) -> None:
        self.seen.setdefault(trainer.current_epoch, []).append(batch[2].tolist())


def fit(home: Path, epochs: int, *, resume_from: Path | None = None) -> tuple[Recorder, DataModule]:
    config = config_of("builtin:breast-cancer", data={"batch_size": 64})
    data = build(config, job_of(config, home, resume_from=str(resume_from) if resume_from else None))
    pl.seed_everything(config.seed)
    module = registry.build(config, input_shape=data.input_shape, num_classes=2, counts=data.train_counts)
    recorder = Recorder()
    checkpoint = ModelCheckpoint(dirpath=home / "checkpoints", save_last=True, save_on_train_epoch_end=True)
    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=[recorder, checkpoint],
    )
    trainer.fit(module, datamodule=data, ckpt_path=resume_from, weights_only=True)
    return recorder, data


def test_a_resumed_training_goes_on_in_the_order_of_an_uninterrupted_one(tmp_path: Path) -> None:
    whole, data = fit(tmp_path / "whole", 5)
    assert list(whole.seen) == [0, 1, 2, 3, 4]
    assert len({str(batches) for batches in whole.seen.values()}) == 5
    assert sorted(chain(*whole.seen[0])) == data.indices["train"]

    before, _ = fit(tmp_path / "parts", 2)
    after, resumed = fit(tmp_path / "parts", 5, resume_from=tmp_path / "parts" / "checkpoints" / "last.ckpt")
    assert list(after.seen) == [2, 3, 4]
    assert before.seen | after.seen == whole.seen
    assert resumed.indices == data.indices


@pytest.mark.parametrize("side", [1, 300])  # many batches are gathered at once, or each by itself
def test_batches_in_the_training_process_are_those_of_a_loader_process(side: int) -> None:
    data = TensorBatches(torch.arange(11 * side * side).reshape(11, 1, side, side).float(), torch.arange(11) % 2)
    indices = BatchIndices(range(11), 3, seed=5)
    indices.set_epoch(2)
    direct, others = list(loader(data, indices, 0)), list(loader(data, indices, 1))
    assert [batch[2].tolist() for batch in direct] == order(indices, 2)
    assert len(direct) == len(loader(data, indices, 0)) == 4
    for mine, theirs in zip(direct, others, strict=True):
        assert all(torch.equal(part, other) for part, other in zip(mine, theirs, strict=True))


def test_batches_gathered_at_once_share_no_memory_with_the_data() -> None:
    """Augmentation writes into them."""
    inputs = torch.zeros(8, 3)
    for x, _, _ in loader(TensorBatches(inputs, torch.zeros(8, dtype=torch.int64)), BatchIndices(range(8), 2), 0):
        x.add_(1)
        assert torch.equal(x, torch.ones(2, 3))
    assert torch.equal(inputs, torch.zeros(8, 3))


@pytest.mark.parametrize(("features", "batch_size", "expected"), [(1, 1, 1024), (64, 32, 128), (300_000, 8, 1)])
def test_batches_gathered_at_once_are_bounded_by_size_and_number(features: int, batch_size: int, expected: int) -> None:
    data = TensorBatches(torch.zeros(1, features), torch.zeros(1, dtype=torch.int64))
    assert data.at_once(batch_size) == expected
