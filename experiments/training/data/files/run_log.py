"""Write what loading the data has to say to readers of the run's log."""

from __future__ import annotations

import sys


def write(text: str) -> None:
    """Write a line to standard output, which goes into the training's `train.log`."""
    sys.stdout.write(f"{text}\n")
