"""What collecting and telling cost, in CPU time of a small MLP's training. Run: `python -m benchmarks.collecting`.

Two things are compared by running them in turns in one process and dividing their medians, so that a busy machine
disturbs both alike:

1. our collecting (tensors kept per step, numbers computed once per epoch, counts by torchmetrics' functions) against
   torchmetrics with `self.log` as its documentation has it, and against the leanest use of its classes; the same
   numbers by each; and what three added metrics cost;
2. the whole callback chain with messages sent to another process against the same chain with nobody listening.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

import pytorch_lightning as pl
import torch
import torchmetrics.classification as tm
from pytorch_lightning.callbacks import Callback
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics import Metric, MetricCollection

from experiments.training.callbacks.chain import build_chain
from experiments.training.callbacks.metrics_collector import MetricsCollector
from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.metrics import metric_catalogue
from experiments.training.contract.metrics.metric_request import MetricRequest
from experiments.training.contract.reports import Job, Message, Reporter
from experiments.training.contract.stop import Stop
from experiments.training.metrics import inspection
from experiments.training.metrics.added import build
from experiments.training.recipes.process_entry import Emitter
from runs.events import BatchMetrics, DatasetSummary, EpochEnd, ModelSummary

FEATURES = 30
ADDED = ("cohen_kappa", "specificity", "average_precision")
BATCH = 32
Batch = tuple[Tensor, Tensor]


class Bare(pl.LightningModule):
    """A small binary MLP that logs nothing: callbacks collect."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Linear(FEATURES, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1))

    def outputs(self, batch: Batch) -> dict[str, Tensor]:
        x, y = batch
        logits = self.network(x)[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(logits, y.float())
        return {"loss": loss, "logits": logits, "target": y}

    def training_step(self, batch: Batch, _batch_idx: int) -> dict[str, Tensor]:
        return self.outputs(batch)

    def validation_step(self, batch: Batch, _batch_idx: int) -> dict[str, Tensor]:
        return self.outputs(batch)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=1e-3)


class Plain(Bare):
    """The same MLP as the torchmetrics documentation has it: a collection updated and logged in each step."""

    def __init__(self, *, validate_args: bool = True) -> None:
        super().__init__()
        self.train_metrics = MetricCollection(few(validate_args), prefix="train_")
        self.val_metrics = MetricCollection(
            few(validate_args)
            | {
                "precision": tm.BinaryPrecision(validate_args=validate_args),
                "auroc": tm.BinaryAUROC(thresholds=None, validate_args=validate_args),
            },
            prefix="val_",
        )
        self.val_matrix = tm.BinaryConfusionMatrix(validate_args=validate_args)

    def training_step(self, batch: Batch, _batch_idx: int) -> dict[str, Tensor]:
        outputs = self.outputs(batch)
        self.train_metrics.update(outputs["logits"].detach().sigmoid(), outputs["target"])
        self.log("train_loss", outputs["loss"], on_step=False, on_epoch=True, batch_size=len(batch[1]))
        self.log_dict(self.train_metrics, on_step=False, on_epoch=True)
        return outputs

    def validation_step(self, batch: Batch, _batch_idx: int) -> dict[str, Tensor]:
        outputs = self.outputs(batch)
        scores = outputs["logits"].sigmoid()
        self.val_metrics.update(scores, outputs["target"])
        self.val_matrix.update(scores, outputs["target"])
        self.log("val_loss", outputs["loss"], on_epoch=True, batch_size=len(batch[1]))
        self.log_dict(self.val_metrics, on_epoch=True)
        return outputs

    def on_validation_epoch_end(self) -> None:
        counts = self.val_matrix.compute().flatten()
        self.val_matrix.reset()
        names = ("val_cm_tn", "val_cm_fp", "val_cm_fn", "val_cm_tp")
        self.log_dict(dict(zip(names, counts.float(), strict=True)))


class Lean(Plain):
    """The least that torchmetrics can do: no checks of arguments, updates in the steps, all else once per epoch."""

    def __init__(self) -> None:
        super().__init__(validate_args=False)

    def training_step(self, batch: Batch, _batch_idx: int) -> dict[str, Tensor]:
        outputs = self.outputs(batch)
        self.train_metrics.update(outputs["logits"].detach().sigmoid(), outputs["target"])
        self.log("train_loss", outputs["loss"], on_step=False, on_epoch=True, batch_size=len(batch[1]))
        return outputs

    def validation_step(self, batch: Batch, _batch_idx: int) -> dict[str, Tensor]:
        outputs = self.outputs(batch)
        scores = outputs["logits"].sigmoid()
        self.val_metrics.update(scores, outputs["target"])
        self.val_matrix.update(scores, outputs["target"])
        self.log("val_loss", outputs["loss"], on_epoch=True, batch_size=len(batch[1]))
        return outputs

    def on_train_epoch_end(self) -> None:
        self.log_dict(self.train_metrics.compute())
        self.train_metrics.reset()

    def on_validation_epoch_end(self) -> None:
        super().on_validation_epoch_end()
        self.log_dict(self.val_metrics.compute())
        self.val_metrics.reset()


def few(validate_args: bool) -> dict[str, Metric | MetricCollection]:
    return {
        "acc": tm.BinaryAccuracy(validate_args=validate_args),
        "f1": tm.BinaryF1Score(validate_args=validate_args),
        "recall": tm.BinaryRecall(validate_args=validate_args),
    }


def loaders(rows: int) -> tuple[DataLoader[Any], DataLoader[Any]]:
    """Make `rows` training samples and a quarter as many for validation, the same each time."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(rows + rows // 4, FEATURES, generator=generator)
    y = (x[:, :3].sum(dim=1) + torch.randn(len(x), generator=generator) > 0).long()
    samples = TensorDataset(x, y)
    parts = torch.utils.data.Subset(samples, range(rows)), torch.utils.data.Subset(samples, range(rows, len(x)))
    return DataLoader(parts[0], batch_size=BATCH), DataLoader(parts[1], batch_size=BATCH)


def fit(module: pl.LightningModule, callbacks: Sequence[Callback], *, rows: int, epochs: int) -> float:
    """Train and return the CPU seconds of this process, all its threads."""
    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=any(isinstance(callback, pl.callbacks.ModelCheckpoint) for callback in callbacks),
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    train, val = loaders(rows)
    start = time.process_time()
    trainer.fit(module, train, val)
    return time.process_time() - start


def seeded(make: Callable[[], pl.LightningModule]) -> pl.LightningModule:
    """Make a network with the same weights each time."""
    torch.manual_seed(7)
    return make()


def unheard(_message: Message) -> None:
    """Ignore the event."""


def ours(rows: int, epochs: int, report: Reporter = unheard) -> float:
    return fit(seeded(Bare), [MetricsCollector(threshold=0.5, report=report)], rows=rows, epochs=epochs)


def adding(rows: int, epochs: int) -> float:
    asked = [MetricRequest.model_validate(name) for name in ADDED]
    added = build(asked, classes=2, threshold=0.5, report=unheard)
    collector = MetricsCollector(threshold=0.5, report=unheard, added=added)
    return fit(seeded(Bare), [collector], rows=rows, epochs=epochs)


def plain(rows: int, epochs: int) -> float:
    return fit(seeded(Plain), [], rows=rows, epochs=epochs)


def lean(rows: int, epochs: int) -> float:
    return fit(seeded(Lean), [], rows=rows, epochs=epochs)


def nothing(rows: int, epochs: int) -> float:
    return fit(seeded(Bare), [], rows=rows, epochs=epochs)


def numbers_of_one_epoch(rows: int, other: type[Plain]) -> tuple[dict[str, float | None], dict[str, float]]:
    """Return the first epoch's numbers, ours and torchmetrics', under the same names."""
    collected: dict[str, float | None] = {}
    ours(rows, 1, lambda message: collected.update(message.metrics) if isinstance(message, EpochEnd) else None)
    kept: dict[str, float] = {}

    class Keep(Callback):
        def on_train_end(self, trainer: pl.Trainer, *_: Any) -> None:
            kept.update({name: float(value) for name, value in trainer.callback_metrics.items()})

    fit(seeded(other), [Keep()], rows=rows, epochs=1)
    return collected, kept


def with_chain(rows: int, epochs: int, report: Reporter) -> float:
    """Add the whole chain with its defaults, checkpoints included."""
    config = TrainingConfig(experiment_name="benchmark", source_path="none")
    with tempfile.TemporaryDirectory() as folder:
        job = Job(run_id=1, attempt=1, config={}, run_dir=folder, datasets_dir=folder, data_roots=[])
        chain = build_chain(
            config,
            job,
            dataset=DatasetSummary(name="benchmark", classes=["0", "1"], sizes={"train": rows}),
            model=ModelSummary(name="mlp", parameters=1, trainable=1),
            threshold=0.5,
            report=report,
            stop=Stop(),
        )
        return fit(seeded(Bare), chain.callbacks, rows=rows, epochs=epochs)


class Listener:
    """Another process that reads what an `Emitter` of the training process sends, and throws it away."""

    def __enter__(self) -> Emitter:
        read, write = os.pipe()
        self._reader = subprocess.Popen(["cat"], stdin=read, stdout=subprocess.DEVNULL)
        os.close(read)
        self._connection = Connection(write, readable=False)
        self._emitter = Emitter(self._connection)
        return self._emitter

    def __exit__(self, *_: object) -> None:
        self._emitter.close()
        self._connection.close()
        self._reader.wait()


def telling(rows: int, epochs: int) -> float:
    with Listener() as emitter:
        return with_chain(rows, epochs, emitter.report)


def silent(rows: int, epochs: int) -> float:
    return with_chain(rows, epochs, unheard)


def emit_microseconds(calls: int = 20_000) -> float:
    """Measure the calling thread's CPU time for making and emitting one event, while the writer thread works."""
    with Listener() as emitter:
        start = time.thread_time()
        for step in range(calls):
            emitter.report(BatchMetrics(step=step, batch_idx=step, epoch=0, loss=0.5, accuracy=0.5, recall=0.5, f1=0.5))
        return (time.thread_time() - start) / calls * 1e6


def in_turns(*contenders: Callable[[], float], repeats: int) -> list[list[float]]:
    """Measure the CPU seconds of each in each round, in turns; one round before the first is thrown away."""
    times: list[list[float]] = [[] for _ in contenders]
    for turn in range(repeats + 1):
        order = list(enumerate(contenders))
        for place, contender in order if turn % 2 else reversed(order):
            taken = contender()
            if turn:
                times[place].append(taken)
    return times


def ratio(times: Sequence[float], others: Sequence[float]) -> float:
    """Return the median over the rounds: a disturbance longer than a round affects both sides of it."""
    return statistics.median(mine / other for mine, other in zip(times, others, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=4096, help="training samples")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=15)
    asked = parser.parse_args()
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    rows, epochs, repeats = asked.rows, asked.epochs, asked.repeats

    metric_catalogue.read_from(inspection.catalogue)
    collecting, more, torchmetrics, leanest, bare = in_turns(
        lambda: ours(rows, epochs),
        lambda: adding(rows, epochs),
        lambda: plain(rows, epochs),
        lambda: lean(rows, epochs),
        lambda: nothing(rows, epochs),
        repeats=repeats,
    )
    print(f"collecting, median CPU seconds: ours {statistics.median(collecting):.2f}")
    print(f"  ours / torchmetrics and self.log   {ratio(collecting, torchmetrics):.3f}   goal <= 0.45")
    print(f"  with {len(ADDED)} added metrics / without      {ratio(more, collecting):.3f}")
    print(f"  ours / the leanest torchmetrics    {ratio(collecting, leanest):.3f}")
    print(f"  ours / collecting nothing          {ratio(collecting, bare):.3f}")

    on, off = in_turns(lambda: telling(rows, epochs), lambda: silent(rows, epochs), repeats=2 * repeats)
    print(f"telemetry, median CPU seconds: on {statistics.median(on):.2f}, off {statistics.median(off):.2f}")
    print(f"  on / off                           {ratio(on, off):.3f}   goal <= 1.03")

    print(f"one emit: {statistics.median(emit_microseconds() for _ in range(5)):.2f} us   goal <= 5")


if __name__ == "__main__":
    main()
