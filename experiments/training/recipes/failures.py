"""Explain what went wrong in a sentence for the user; the traceback is for the log."""

from __future__ import annotations

import torch
from pydantic import ValidationError

from experiments.training.callbacks.metrics_collector import Diverged
from experiments.training.contract.networks.model_errors import ModelError
from experiments.training.contract.networks.network_catalogue import CatalogueError
from experiments.training.contract.source_errors import SourceError
from experiments.training.metrics.added import UnfitMetric
from experiments.training.preflight.report_builder import Blocked
from experiments.training.ranks import NO_GPU, TooFewDevices
from runs.failures import storage_errors

_TOO_LARGE = "Lower data.batch_size or data.image_size, or choose a smaller network."
_FEWER_WORKERS = "Lower data.num_workers, or data.batch_size and data.image_size."
_GPU_FULL = f"The GPU ran out of memory. {_TOO_LARGE}"
_MEMORY_FULL = f"The machine ran out of memory. {_TOO_LARGE}"
_SAID = {
    # words that all occur in the message of an error without its own class -> what it means, and the cure
    ("CUDA out of memory",): _GPU_FULL,
    ("CUBLAS_STATUS_ALLOC_FAILED",): _GPU_FULL,
    ("CUDNN_STATUS_ALLOC_FAILED",): _GPU_FULL,
    ("DefaultCPUAllocator",): _MEMORY_FULL,
    ("DataLoader worker", "Bus error"): f"The shared memory (/dev/shm) ran out. {_FEWER_WORKERS}",
    ("DataLoader worker", "Killed"): (
        f"The system killed a data loader process, as it does when memory runs out. {_FEWER_WORKERS}"
    ),
    ("No supported gpu backend",): NO_GPU,
}


def reason(error: BaseException) -> str:
    """Explain in one sentence what happened and, where known, the cure; else give the exception's class and message."""
    if isinstance(error, SourceError):
        return error.sentence
    if isinstance(error, Diverged | ModelError | CatalogueError | TooFewDevices | Blocked | UnfitMetric):
        return str(error)
    if isinstance(error, ValidationError):  # options that the accepting server knows may be unknown here
        return "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
    return _shortage(error) or _parting(error) or _as_it_is(error)


def _shortage(error: BaseException) -> str | None:
    """Explain which resource ran out on the machine; None for any other error."""
    if isinstance(error, torch.OutOfMemoryError):
        return _GPU_FULL
    if isinstance(error, MemoryError):
        return _MEMORY_FULL
    if sentence := storage_errors.of_a_run(error):
        return sentence
    said = str(error)
    return next((sentence for words, sentence in _SAID.items() if all(word in said for word in words)), None)


def _parting(error: BaseException) -> str | None:
    """Explain the loss of another rank; None for any other error.

    Where that rank was on the same machine, the reason why it ended is reported instead.
    """
    if not isinstance(error, torch.distributed.DistError) and not ("gloo" in str(error) and "transport" in str(error)):
        return None
    return (
        "The connection to a process on another device or another machine was lost: it ended, or its machine left. "
        "What it printed last is in its log, train.rank<number>.log. Resume the run when the machine is back."
    )


def _as_it_is(error: BaseException) -> str:
    """Class and message; folders of the server are for its log."""
    said = storage_errors.without_folders(error) if isinstance(error, OSError) else str(error)
    return f"{type(error).__name__}: {said}".strip().removesuffix(":")
