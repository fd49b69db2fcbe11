"""Lightning's CSVLogger: a file of each run, written again as it grows; no server, no reader."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from pytorch_lightning.loggers import CSVLogger

from benchmarks.peers.drivers import protocol
from benchmarks.peers.drivers.protocol import Figures

EVERY = 100  # steps between two writes, Lightning's own default


def _logger(home: Path, name: str) -> CSVLogger:
    return CSVLogger(home, name=name, flush_logs_every_n_steps=EVERY)


def _fill(home: Path, runs: int, steps: int, values: int) -> None:
    pool = protocol.numbers(10_000)
    for run in range(runs):
        logger = _logger(home, f"run-{run}")
        for step in range(steps):
            logger.log_metrics({**protocol.named(values, step, pool)}, step)
            logger.save()
        logger.finalize("success")


def log_call(home: Path, calls: int) -> Figures:
    """Measure a call with what the trainer calls after it."""
    logger = _logger(home, "calls")
    step = 0

    def call(values: dict[str, float]) -> None:
        nonlocal step
        step += 1
        logger.log_metrics({**values}, step)
        logger.save()

    return protocol.blocked(call, calls)


def ingest(home: Path, runs: int, steps: int, values: int) -> Figures:
    """Measure values a second until they are in the files."""
    return protocol.rate(runs * steps * values, partial(_fill, home, runs, steps, values))


def bytes_per_value(home: Path, steps: int, values: int) -> Figures:
    """Measure the files of one run."""
    _fill(home, 1, steps, values)
    return {"value": protocol.size(home) / (steps * values)}


def epoch_rows(home: Path, runs: int, epochs: int, values: int) -> Figures:
    """Measure epochs, which this logger takes like steps."""
    return ingest(home, runs, epochs, values)


if __name__ == "__main__":
    protocol.main(globals())
