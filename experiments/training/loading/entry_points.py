"""Reads once which plug-ins the installed packages offer, for all who ask.

PyTorch asks when it is imported and Lightning for each Trainer, of which a training has three; each time, a file of
every installed package would be read.
"""

from __future__ import annotations

import importlib.metadata
from typing import Any


def read_once() -> None:
    """Answer `importlib.metadata.entry_points` from memory, from now on and for who imports it later."""
    module: Any = importlib.metadata
    known = module.entry_points()

    def entry_points(**wanted: Any) -> Any:
        return known.select(**wanted)

    module.entry_points = entry_points
