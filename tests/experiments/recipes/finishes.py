"""One epoch is complete; told to finish it evaluates for longer than the grace period, told to stop it stops."""

import time
from pathlib import Path

from experiments.training.contract.reports import CheckpointSaved, Job, Outcome, Reporter, TrainingStopped
from experiments.training.contract.stop import Stop


def train(job: Job, report: Reporter, stop: Stop) -> None:
    (Path(job.run_dir) / "epoch-0.ckpt").write_bytes(b"weights")
    report(CheckpointSaved(epoch=0, step=1, last="epoch-0.ckpt", best="epoch-0.ckpt"))
    while not stop.is_set() and not stop.early.wait(0.05):
        pass
    if stop.is_set():
        report(Outcome(status="interrupted", reason=None))
        return
    report(TrainingStopped())
    time.sleep(4)  # the grace period of these tests is 1 second
    report(Outcome(status="completed", reason=None))
