"""The digits of the quick start by a plain Lightning script: `python -m benchmarks.bare_lightning EPOCHS`.

What somebody would write: the data of scikit-learn, the same network, optimizer and batches as the default has, metrics
by torchmetrics, Lightning's own CSV files and checkpoints in the current folder.
"""

from __future__ import annotations

import logging
import sys
import warnings

import pytorch_lightning as pl
import torch
import torchmetrics.classification as tm
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics import Metric

from experiments.training.models.cnn import CNN

Batch = tuple[Tensor, Tensor]


class Eight(pl.LightningModule):
    """Says whether a digit is an eight."""

    def __init__(self) -> None:
        super().__init__()
        self.network = CNN(channels=1, size=8, outputs=1, width=16, dropout=0.1)
        self.trained = nn.ModuleDict(
            {"acc": tm.BinaryAccuracy(), "f1": tm.BinaryF1Score(), "recall": tm.BinaryRecall()}
        )
        self.held_out = nn.ModuleDict(
            {
                "acc": tm.BinaryAccuracy(),
                "f1": tm.BinaryF1Score(),
                "recall": tm.BinaryRecall(),
                "auroc": tm.BinaryAUROC(),
            }
        )

    def training_step(self, batch: Batch, _batch_idx: int) -> Tensor:
        scores, loss = self._scored(batch)
        self._log(self.trained, "train", scores, batch[1])
        self.log("train_loss", loss, on_epoch=True, on_step=True)
        return loss

    def validation_step(self, batch: Batch, _batch_idx: int) -> None:
        scores, loss = self._scored(batch)
        self._log(self.held_out, "val", scores, batch[1])
        self.log("val_loss", loss, on_epoch=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=1e-3, weight_decay=1e-4)

    def _log(self, metrics: nn.ModuleDict, phase: str, scores: Tensor, targets: Tensor) -> None:
        for name, metric in metrics.items():
            assert isinstance(metric, Metric)
            metric.update(scores, targets)
            self.log(f"{phase}_{name}", metric, on_epoch=True, on_step=False)

    def _scored(self, batch: Batch) -> tuple[Tensor, Tensor]:
        logits = self.network(batch[0])[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(logits, batch[1].float(), pos_weight=torch.tensor(9.0))
        return logits.detach().sigmoid(), loss


def main() -> None:
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    pl.seed_everything(42)
    digits = load_digits()
    x = torch.tensor(digits.images / 16, dtype=torch.float32)[:, None]
    y = torch.tensor(digits.target == 8).long()
    train, val = train_test_split(range(len(x)), test_size=0.2, stratify=y, random_state=42)
    shuffled = DataLoader(TensorDataset(x[train], y[train]), batch_size=32, shuffle=True)
    held_out = DataLoader(TensorDataset(x[val], y[val]), batch_size=32)
    trainer = pl.Trainer(
        max_epochs=int(sys.argv[1]),
        accelerator="cpu",
        log_every_n_steps=10,
        logger=pl.loggers.CSVLogger("."),
        callbacks=[pl.callbacks.ModelCheckpoint(monitor="val_auroc", mode="max", save_last=True)],
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(Eight(), shuffled, held_out)


if __name__ == "__main__":
    main()
