"""Hints about the machine: whether the training waits for data, leaves it idle, or fills it. Pure."""

from __future__ import annotations

import statistics

from runs.events import GpuUsage
from runs.hints.evidence import Evidence
from runs.hints.hint import Hint
from runs.wording.number_text import byte_size, percent

SAMPLES = 5
"""The number of samples whose median decides."""
WAITS_MUCH = 0.5
"""Half of the time: with a loader that never makes it wait, the run would take half as long."""
WAITS = 0.3
IDLE = 0.3
WORTH_SECONDS = 60.0
"""The least time of the whole run that a hint about speed must save; a training of seconds needs no advice."""
FULL, NEARLY_FULL = 0.97, 0.92
"""Shares of the memory. Beyond, the system swaps or kills the largest process."""
GPU_FULL = 0.97
DISK_BYTES = 2 * 1024**3
"""A few checkpoints and result files; without room they cannot be written."""


def data_wait(run: Evidence) -> Hint | None:
    """Report that the training waits for its data loader."""
    if len(run.waits) < SAMPLES:
        return None
    share = statistics.median(run.waits)
    if share < WAITS or not _worth_it(run, share):
        return None
    workers = run.options.num_workers
    cure = (
        f"Set data.num_workers to 0, which is faster where the decoded images fit in memory, or above {workers}; "
        if workers
        else "Check in train.log whether the decoded images were cached, and give them room with LIVETRAIN_CACHE_GIB; "
        "if they are more than the memory holds, set data.num_workers to 2 or more; "
    )
    return Hint(
        code="data_wait",
        severity="warning" if share >= WAITS_MUCH else "info",
        text=f"{percent(share, 0)} of the training time is spent waiting for data (data.num_workers is {workers}).",
        cure=f"{cure}a smaller data.image_size helps too.",
        epoch=run.last,
        since=None,
    )


def gpu_idle(run: Evidence) -> Hint | None:
    """Report that every GPU of the run is mostly idle."""
    loads = [_load(sample.gpus) for sample in run.usage]
    known = [load for load in loads if load is not None]
    if len(known) < SAMPLES:
        return None
    load = statistics.median(known)
    if load >= IDLE or not _worth_it(run, 1 - load):
        return None
    return Hint(
        code="gpu_idle",
        severity="info",
        text=f"The GPU is busy for {percent(load, 0)} of the time.",
        cure="Raise data.batch_size (and with it optimizer.learning_rate), check the time spent waiting for data, or "
        "let several runs share the GPU.",
        epoch=run.last,
        since=None,
    )


def memory(run: Evidence) -> Hint | None:
    """Report that the memory of the machine, or of the control group that limits it, is nearly full."""
    shares = [
        sample.machine_memory_used / sample.machine_memory_total
        for sample in run.usage[-SAMPLES:]
        if sample.machine_memory_used is not None and sample.machine_memory_total
    ]
    if len(shares) < SAMPLES or statistics.median(shares) < NEARLY_FULL:
        return None
    share, newest = statistics.median(shares), run.usage[-1]
    own = newest.memory_pss or newest.memory_rss
    mine = f"; this run takes {byte_size(own)} of it" if own else ""
    return Hint(
        code="memory",
        severity="error" if share >= FULL else "warning",
        text=f"{percent(share, 0)} of the machine's memory is in use{mine}. "
        "When it runs out, the system kills a process.",
        cure="Lower data.batch_size, data.image_size or data.num_workers, or run less at once.",
        epoch=None,
        since=None,
    )


def gpu_memory(run: Evidence) -> Hint | None:
    """Report that a GPU's memory is full; PyTorch keeps what it took once, so this is the highest need so far."""
    full = [
        gpu.memory_used / gpu.memory_total
        for sample in run.usage[-1:]
        for gpu in sample.gpus
        if gpu.memory_used is not None and gpu.memory_total
    ]
    if max(full, default=0.0) < GPU_FULL:
        return None
    return Hint(
        code="gpu_memory",
        severity="info",
        text=f"{percent(max(full), 0)} of a GPU's memory is in use.",
        cure="Should it run out: lower data.batch_size, and raise trainer.accumulate_grad_batches to make up for it; "
        "or set trainer.precision to bf16-mixed.",
        epoch=None,
        since=None,
    )


def disk(run: Evidence) -> Hint | None:
    """Report little space on the disk where the run's files are written."""
    free = run.usage[-1].disk_free if run.usage else None
    if free is None or free >= DISK_BYTES:
        return None
    return Hint(
        code="disk",
        severity="warning",
        text=f"{byte_size(free)} are left on the disk of the runs.",
        cure="Make room: manage.py prune lists what can be removed.",
        epoch=None,
        since=None,
    )


def _load(gpus: list[GpuUsage]) -> float | None:
    """Return the load of the busiest GPU; None if unknown."""
    return max((gpu.utilisation for gpu in gpus if gpu.utilisation is not None), default=None)


def _worth_it(run: Evidence, share: float) -> bool:
    seconds = run.training_seconds
    return seconds is not None and share * seconds >= WORTH_SECONDS
