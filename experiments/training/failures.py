"""What went wrong, in a sentence for the user; the traceback is for the log."""

from __future__ import annotations

import errno

import torch

from experiments.training.callbacks.metrics_collector import Diverged
from experiments.training.data.errors import SourceError

_TOO_LARGE = "Lower data.batch_size, data.image_size or model.width."


def reason(error: BaseException) -> str:
    """One sentence: what happened and, where it is known, the cure; else the exception's class and message."""
    if isinstance(error, SourceError):
        return error.message
    if isinstance(error, Diverged):
        return str(error)
    if isinstance(error, torch.OutOfMemoryError):
        return f"The GPU ran out of memory. {_TOO_LARGE}"
    if isinstance(error, MemoryError) or "DefaultCPUAllocator" in str(error):
        return f"The machine ran out of memory. {_TOO_LARGE}"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Free some space where the run files lie, then resume the run."
    return f"{type(error).__name__}: {error}".strip().removesuffix(":")
