"""What went wrong, in a sentence for the user; the traceback is for the log."""

from __future__ import annotations

import errno
from collections.abc import Iterator

import torch
from pydantic import ValidationError

from experiments.training.callbacks.metrics_collector import Diverged
from experiments.training.data.errors import SourceError
from experiments.training.models.catalogue import CatalogueError
from experiments.training.models.errors import ModelError
from experiments.training.preflight.examination import Blocked
from experiments.training.ranks import NO_GPU, TooFewDevices

_TOO_LARGE = "Lower data.batch_size or data.image_size, or choose a smaller network."
_FULL = (errno.ENOSPC, errno.EDQUOT)


def reason(error: BaseException) -> str:
    """One sentence: what happened and, where it is known, the cure; else the exception's class and message."""
    if isinstance(error, SourceError):
        return error.message
    if isinstance(error, Diverged | ModelError | CatalogueError | TooFewDevices | Blocked):
        return str(error)
    if isinstance(error, ValidationError):  # what the server that took the request knows may be unknown here
        return "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
    return _shortage(error) or _parting(error) or f"{type(error).__name__}: {error}".strip().removesuffix(":")


def _shortage(error: BaseException) -> str | None:
    """What the machine lacked, if that is what happened."""
    if isinstance(error, torch.OutOfMemoryError):
        return f"The GPU ran out of memory. {_TOO_LARGE}"
    if isinstance(error, MemoryError) or "DefaultCPUAllocator" in str(error):
        return f"The machine ran out of memory. {_TOO_LARGE}"
    if any(isinstance(link, OSError) and link.errno in _FULL for link in _chain(error)):
        return "The disk is full. Free some space where the run files lie, then submit it again."
    if "No supported gpu backend" in str(error):
        return NO_GPU
    return None


def _parting(error: BaseException) -> str | None:
    """Several ranks: one was lost that the others talk to; on the same machine its own end is told instead."""
    if not isinstance(error, torch.distributed.DistError) and not ("gloo" in str(error) and "transport" in str(error)):
        return None
    return (
        "The connection to a process on another device or another machine was lost: it ended, or its machine left. "
        "What it printed last is in its log, train.rank<number>.log. Resume the run when the machine is back."
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it: torch reports a full disk as a failed assertion of its own."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__
