"""Give memory that this process has freed back to the system, which the C library otherwise keeps for what may come."""

from __future__ import annotations

import ctypes
from contextlib import suppress


def give_back() -> None:
    """Give it back; takes some milliseconds after large answers, and does nothing where the C library is not glibc."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
