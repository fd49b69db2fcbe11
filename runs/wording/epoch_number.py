"""The number of an epoch for people, who count from 1. Pure.

API, events and files count from 0, as Lightning does.
"""

from __future__ import annotations


def epoch_number(epoch: int) -> int:
    """Return the number that people give to the epoch with this index."""
    return epoch + 1
