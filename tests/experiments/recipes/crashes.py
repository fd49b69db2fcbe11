"""Dies in native code without a last word."""

import ctypes
import sys
import threading

from experiments.training.reports import Job, Tell


def train(job: Job, tell: Tell, stop: threading.Event) -> None:
    sys.stdout.write("about to crash\n")
    ctypes.string_at(0)
