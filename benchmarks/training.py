"""CPU time of a training against plain PyTorch, on a table and on images. Run: `python -m benchmarks.training`.

Ours is all that a run has: data module, callback chain, checkpoints. Plain PyTorch is a loop over the same samples with
the same network, loss and optimizer that reports nothing; on a table it is written twice, once with batches indexed in
tensors, which is the leanest there is, and once with a `DataLoader`, as tutorials have it. They take turns in one
process, and each ratio is the median over the rounds.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset, TensorDataset

from benchmarks.collecting import in_turns, ratio, unheard
from experiments.training.callbacks.chain import build_chain
from experiments.training.callbacks.data_wait import DataWait
from experiments.training.callbacks.training_start import summarize
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reports import Job
from experiments.training.contract.stop import Stop
from experiments.training.data.module import DataModule, build
from experiments.training.models.classifier import Classifier
from experiments.training.recipes import centralized, preparation

BATCH = 32
FEATURES = 30
Batches = Callable[[str], Iterator[tuple[Tensor, Tensor]]]


class Prepared(NamedTuple):
    """A run up to its training, and its samples as tensors."""

    config: TrainingConfig
    job: Job
    data: DataModule
    x: Tensor
    y: Tensor

    def module(self) -> Classifier:
        """Build the network with the same weights each time."""
        torch.manual_seed(self.config.seed)
        module = preparation.prepare(self.config, self.job, self.data, unheard)
        assert isinstance(module, Classifier)
        return module


def prepared(folder: Path, source: str, *, epochs: int, threads: int) -> Prepared:
    """Load the data of a run."""
    options = {"max_epochs": epochs, "accelerator": "cpu", "threads": threads}
    config = TrainingConfig.model_validate({"experiment_name": "benchmark", "source_path": source, "trainer": options})
    job = Job(run_id=1, attempt=1, config={}, run_dir=str(folder), datasets_dir=str(folder), data_roots=[str(folder)])
    data = build(config, job)
    samples = {
        split: list(loader) for split, loader in (("train", data.train_dataloader()), ("val", data.val_dataloader()))
    }
    places = torch.cat([batch[2] for part in samples.values() for batch in part])
    x = torch.empty(int(places.max()) + 1, *data.input_shape)
    y = torch.zeros(len(x), dtype=torch.int64)
    for batch in (batch for part in samples.values() for batch in part):
        x[batch[2]], y[batch[2]] = batch[0], batch[1]
    return Prepared(config, job, data, x, y)


def ours(run: Prepared) -> float:
    """Train as a run does and return the CPU seconds of the fit."""
    module = run.module()
    with tempfile.TemporaryDirectory() as folder:
        job = Job(run_id=1, attempt=1, config={}, run_dir=folder, datasets_dir=folder, data_roots=[])
        chain = build_chain(
            run.config,
            job,
            dataset=run.data.summary,
            model=summarize(module),
            threshold=0.5,
            report=unheard,
            stop=Stop(),
            tuning=module.fine_tuning,
        )
        trainer = centralized._trainer(run.config, job, chain.callbacks, profiler=DataWait())
        start = time.process_time()
        trainer.fit(module, datamodule=run.data)
        return time.process_time() - start


def plain(run: Prepared, batches: Batches) -> float:
    """Train the same network in the plainest loop, validation included, and return its CPU seconds."""
    network = run.module().network
    counts = run.data.train_counts
    loss_of = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(counts[0] / counts[1]))
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-4, fused=True)
    start = time.process_time()
    for _ in range(run.config.trainer.max_epochs):
        network.train()
        for x, y in batches("train"):
            optimizer.zero_grad()
            loss_of(network(x)[:, 0], y.float()).backward()
            optimizer.step()
        network.eval()
        with torch.no_grad():
            for x, y in batches("val"):
                loss_of(network(x)[:, 0], y.float())
    return time.process_time() - start


def indexed(run: Prepared) -> Batches:
    """Take batches by their indices from tensors."""

    def batches(split: str) -> Iterator[tuple[Tensor, Tensor]]:
        indices = torch.tensor(run.data.indices[split])  # type: ignore[index]
        if split == "train":
            indices = indices[torch.randperm(len(indices))]
        return ((run.x[part], run.y[part]) for part in torch.split(indices, BATCH))

    return batches


def loaded(run: Prepared) -> Batches:
    """Take batches from a `DataLoader`, which collates samples."""
    samples = TensorDataset(run.x, run.y)

    def batches(split: str) -> Iterator[tuple[Tensor, Tensor]]:
        part: Any = Subset(samples, run.data.indices[split])  # type: ignore[index]
        return iter(DataLoader(part, BATCH, shuffle=split == "train"))

    return batches


def write_table(path: Path, rows: int) -> None:
    """Write a table of two classes that a small network can learn."""
    random = np.random.default_rng(1)
    values = random.normal(size=(rows, FEATURES))
    labels = values[:, :3].sum(axis=1) + random.normal(size=rows) > 0
    lines = [f"p{row},{int(labels[row])}," + ",".join(f"{v:.4f}" for v in values[row]) for row in range(rows)]
    header = ",".join(["patientId", "Target", *(f"f{number}" for number in range(FEATURES))])
    path.write_text("\n".join([header, *lines]))


def write_images(path: Path, rows: int) -> None:
    """Write grey images of 28 pixels, in MedMNIST's layout, where no file of real ones was named."""
    random = np.random.default_rng(1)
    parts: dict[str, Any] = {}
    for split, count in (("train", rows), ("val", rows // 8), ("test", rows // 8)):
        labels = random.integers(0, 2, size=(count, 1), dtype=np.uint8)
        noise = random.integers(0, 200, size=(count, 28, 28), dtype=np.uint8)
        parts |= {f"{split}_images": noise + 40 * labels[:, :, None], f"{split}_labels": labels}
    np.savez(path, **parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=8_000, help="of the table")
    parser.add_argument("--epochs", type=int, default=4, help="of the table; images have one")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--images", type=Path, help="a MedMNIST .npz of two classes; by default images are made up")
    asked = parser.parse_args()
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(asked.threads)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_table(folder / "table.csv", asked.rows)
        if asked.images:
            (folder / "images.npz").write_bytes(asked.images.read_bytes())
        else:
            write_images(folder / "images.npz", 2_400)
        table = prepared(folder, "table.csv", epochs=asked.epochs, threads=asked.threads)
        mine, lean, usual = in_turns(
            lambda: ours(table),
            lambda: plain(table, indexed(table)),
            lambda: plain(table, loaded(table)),
            repeats=asked.repeats,
        )
        print(f"table, MLP: {statistics.median(mine):.2f} CPU seconds")
        print(f"  ours / plain PyTorch, indexed       {ratio(mine, lean):.2f}   goal <= 1.5")
        print(f"  ours / plain PyTorch, DataLoader    {ratio(mine, usual):.2f}")
        images = prepared(folder, "images.npz", epochs=1, threads=asked.threads)
        mine, lean = in_turns(lambda: ours(images), lambda: plain(images, indexed(images)), repeats=asked.repeats)
        print(f"images, default network: {statistics.median(mine):.2f} CPU seconds")
        print(f"  ours / plain PyTorch, indexed       {ratio(mine, lean):.2f}   goal <= 0.90")


if __name__ == "__main__":
    main()
