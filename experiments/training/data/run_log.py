"""What loading the data has to say to whoever reads the run's log."""

from __future__ import annotations

import sys


def write(text: str) -> None:
    """A training's output goes into its `train.log`."""
    sys.stdout.write(f"{text}\n")
