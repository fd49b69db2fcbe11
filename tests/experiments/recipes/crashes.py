"""Dies in native code without a last word."""

import ctypes
import sys
import threading

from experiments.training.contract.reports import Job, Reporter


def train(job: Job, report: Reporter, stop: threading.Event) -> None:
    sys.stdout.write("about to crash\n")
    ctypes.string_at(0)
