"""Ourselves where no peer has the like: what a training takes beside plain PyTorch, Lightning, scikit-learn."""

from __future__ import annotations

import logging
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import Pipe
from pathlib import Path
from threading import Thread

from benchmarks.peers.drivers import livetrain  # the home and Django first

# isort: split
import torch

from benchmarks import collecting, final_numbers, ingest, start, training
from benchmarks.peers.contestants import ROOT
from benchmarks.peers.drivers import protocol
from benchmarks.peers.drivers.protocol import Figures
from experiments.training.contract.metrics import metric_catalogue
from experiments.training.metrics import inspection
from experiments.training.recipes.process_entry import Emitter

ROWS, EPOCHS = 4_096, 2  # of the MLP's training
EPOCHS_OF_DIGITS = 5
TABLE_ROWS, IMAGES = 8_000, 2_400


def telemetry(_home: Path, rounds: int) -> Figures:
    """Measure a training with all callbacks whose events are sent, with the storing of them, and with nobody listening.

    Then our collecting beside torchmetrics in each step.
    """
    _quiet()
    metric_catalogue.read_from(inspection.catalogue)
    task = (ROWS, EPOCHS)
    told, silent = collecting.in_turns(
        partial(collecting.telling, *task), partial(collecting.silent, *task), repeats=2 * rounds
    )
    ours, usual = collecting.in_turns(partial(collecting.ours, *task), partial(collecting.plain, *task), repeats=rounds)
    store = _seconds_of_storing(_sent(*task))
    return _figures([mine / other for mine, other in zip(told, silent, strict=True)]) | {
        "stored": collecting.ratio([one + store for one in told], silent),
        "collecting": collecting.ratio(ours, usual),
    }


def _sent(rows: int, epochs: int) -> list[bytes]:
    """Return what a training writes into its pipe."""
    reading, writing = Pipe(duplex=False)
    sent: list[bytes] = []

    def read() -> None:
        with suppress(EOFError):
            while True:
                sent.append(reading.recv_bytes())

    reader = Thread(target=read)
    reader.start()
    emitter = Emitter(writing)
    collecting.with_chain(rows, epochs, emitter.report)
    emitter.close()
    writing.close()
    reader.join()
    return sent


def _seconds_of_storing(sent: Sequence[bytes]) -> float:
    """Return the least CPU seconds of several runs in which a worker stores that."""
    livetrain.prepared()
    found = []
    for _ in range(4):
        run = ingest.claimed()
        found.append(ingest.cpu_seconds(partial(ingest.follow, run, sent)))
    return min(found)


def plain_table(home: Path, rounds: int) -> Figures:
    """Measure the CPU time of a fit on a table beside the plainest loop."""
    _quiet()
    training.write_table(home / "table.csv", TABLE_ROWS)
    return _beside_plain(training.prepared(home, "table.csv", epochs=4, threads=1), rounds)


def plain_images(home: Path, rounds: int) -> Figures:
    """Measure the same with images of 28 pixels and the default network."""
    _quiet()
    training.write_images(home / "images.npz", IMAGES)
    return _beside_plain(training.prepared(home, "images.npz", epochs=1, threads=1), rounds)


def _beside_plain(run: training.Prepared, rounds: int) -> Figures:
    mine, lean = collecting.in_turns(
        lambda: training.ours(run), lambda: training.plain(run, training.indexed(run)), repeats=rounds
    )
    return _figures([one / other for one, other in zip(mine, lean, strict=True)])


def statistics_of_predictions(_home: Path, classes: int, rounds: int) -> Figures:
    """Measure the numbers of 1,000,000 predictions beside scikit-learn's."""
    return _figures(final_numbers.ratios(classes, rounds))


def digits(home: Path, rounds: int) -> Figures:
    """Measure from the request to the end of a training, on the clock, beside a script that does the same."""
    request = {key: livetrain.CONFIG[key] for key in ("experiment_name", "source_path")}
    request |= {"trainer": {"max_epochs": EPOCHS_OF_DIGITS}}
    ratios, firsts = [], []
    with livetrain.serving() as server:
        start.followed(server, request)  # the fork server starts with the first one
        for _ in range(rounds):
            first, whole = start.followed(server, request)
            ratios.append(whole / _bare(home))
            firsts.append(first)
    return _figures(ratios) | {"first_batch": statistics.median(firsts)}


def _bare(home: Path) -> float:
    began = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.bare_lightning", str(EPOCHS_OF_DIGITS)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, check=True, cwd=home, env=environment, capture_output=True, text=True)
    return time.perf_counter() - began


def _figures(values: Sequence[float]) -> Figures:
    return {"value": statistics.median(values), "least": min(values), "most": max(values)}


def _quiet() -> None:
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)


if __name__ == "__main__":
    with livetrain.HOME:
        protocol.main(globals())
