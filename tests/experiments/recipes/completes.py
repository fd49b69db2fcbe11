"""Says what a short training says, then its outcome."""

import threading
from pathlib import Path

from experiments.training.contract.reports import BestValues, CheckpointSaved, Job, Note, Outcome, Reporter
from runs.events import DatasetSummary, EpochEnd, FinalStats, ModelSummary, Progress, TrainingStart, utc_now


def train(job: Job, report: Reporter, stop: threading.Event) -> None:
    first = 0 if job.resumed_from_epoch is None else job.resumed_from_epoch + 1
    report(
        TrainingStart(
            run_id=job.run_id,
            experiment_name="fake",
            max_epochs=2,
            training_mode="centralized",
            resumed_from_epoch=job.resumed_from_epoch,
            total_steps=20,
            dataset=DatasetSummary(name="d", classes=["a", "b"], sizes={"train": 8, "val": 2}),
            model=ModelSummary(name="m", parameters=3, trainable=3),
        )
    )
    for epoch in range(first, 2):
        metrics: dict[str, float | None] = {"train_loss": 0.5 - epoch / 10, "learning_rate": 0.1}
        report(EpochEnd(epoch=epoch, phase="train", metrics=metrics, timestamp=utc_now()))
        report(EpochEnd(epoch=epoch, phase="val", metrics={"val_loss": None}, timestamp=utc_now()))
        checkpoint = Path(job.run_dir) / f"checkpoints/epoch-{epoch}.ckpt"
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        checkpoint.write_bytes(b"weights")
        report(CheckpointSaved(epoch=epoch, step=10 * (epoch + 1), last=f"checkpoints/epoch-{epoch}.ckpt", best=None))
    report(Progress(epoch=1, batch_idx=9, batches=10, step=20, total_steps=20, samples_per_second=5.0, eta_seconds=0.0))
    report(
        BestValues(
            best_epoch=1,
            best_value=0.75,
            best_val_recall=0.5,
            best_val_recall_epoch=0,
            best_val_loss=0.25,
            best_val_loss_epoch=1,
            total_epochs=2,
        )
    )
    report(Note(code="diverged", text="not really"))
    statistics = {"cm_tp": 1.0, "cm_tn": 1.0, "cm_fp": 0.0, "cm_fn": 0.0, "final_auroc_cm": 1.0, "final_f1_cm/b": None}
    report(
        FinalStats(
            split="val",
            epoch=1,
            threshold=0.5,
            confusion_matrix=[[1, 0], [0, 1]],
            class_names=["a", "b"],
            statistics=statistics,
        )
    )
    report(Outcome(status="completed", reason=None))
