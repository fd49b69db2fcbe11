"""Dies in native code without a last word."""

import ctypes
import threading

from experiments.training.reports import Job, Tell


def train(job: Job, tell: Tell, stop: threading.Event) -> None:
    print("about to crash", flush=True)
    ctypes.string_at(0)
