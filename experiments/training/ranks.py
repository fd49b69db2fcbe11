"""Connect the processes of one training on several devices, and exchange what each one knows.

A training of one process is alone: nothing here does anything then, and every function returns what it was given.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple, TypeVar

import torch
from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from torch import Tensor, distributed

from experiments.training.contract.reports import Job
from experiments.training.contract.trainer_config import TrainerConfig

T = TypeVar("T")

ARRIVAL = timedelta(hours=1)  # how long the first machine's ranks wait for the others
SILENCE = timedelta(minutes=30)  # of a rank that others wait for: torch's default, as a rank may be reading data
NO_GPU = "No GPU was found on the machine that ran this training. Set trainer.accelerator to auto or cpu."


class TooFewDevices(Exception):  # the message is a sentence for the user
    """A machine that lacks the devices that the training was configured for."""


class Place(NamedTuple):
    """The position of a process in its training: number `rank`, from 0, of `ranks`."""

    rank: int = 0
    ranks: int = 1


def place() -> Place:
    """Return the position of this process."""
    if not distributed.is_initialized():
        return Place()
    return Place(distributed.get_rank(), distributed.get_world_size())


def first() -> bool:
    """Return whether this process writes the training's files and reports what happens."""
    return place().rank == 0


def join(job: Job, asked: TrainerConfig, *, threads: int) -> None:
    """Connect to the other processes of the job and wait for them; raises TooFewDevices."""
    if job.ranks == 1:
        return
    backend = backend_for(asked, job.local_ranks)
    os.environ.update(_environment(job, threads))
    if job.nodes == 1:
        for name in ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME"):  # no connection leaves this machine
            os.environ[name] = "lo0" if sys.platform == "darwin" else "lo"
    store = distributed.TCPStore(  # type: ignore[attr-defined]
        job.meeting_address,
        job.meeting_port,
        job.ranks,
        is_master=job.rank == 0,
        master_listen_fd=job.meeting_socket,
        timeout=ARRIVAL if job.nodes > 1 else SILENCE,
    )
    distributed.init_process_group(backend, store=store, rank=job.rank, world_size=job.ranks, timeout=SILENCE)
    # Every rank logs the same numbers, those of all samples: `sync_dist` would compute a mean of equals.
    warnings.filterwarnings("ignore", message="It is recommended to use `self.log")


def accelerator(asked: TrainerConfig) -> str:
    """Return what the trainer computes on.

    Ranks without GPUs share the CPU, which Lightning's own `auto` may overlook.
    """
    several = place().ranks > 1
    local = int(os.environ["LOCAL_WORLD_SIZE"]) if several else 1
    return "cpu" if several and backend_for(asked, local) == "gloo" else asked.accelerator


def cluster() -> ClusterEnvironment:
    """Return what tells Lightning of the ranks; it would look for a cluster's job of its own accord."""
    return TorchElasticEnvironment() if place().ranks > 1 else LightningEnvironment()


def synchronises(asked: TrainerConfig) -> bool:
    """Return whether batch normalisation spans the ranks, which torch supports on GPUs only."""
    return asked.sync_batchnorm and place().ranks > 1 and accelerator(asked) != "cpu"


def leave() -> None:
    """Release the connection; the other ranks may continue."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def backend_for(asked: TrainerConfig, ranks: int) -> str:
    """Choose how tensors travel: by NCCL with one GPU per rank where GPUs are used; CPU tensors always by gloo.

    Raises TooFewDevices.
    """
    gpus = 0 if asked.accelerator == "cpu" else torch.cuda.device_count()
    if gpus == 0 and asked.accelerator != "gpu":
        return "gloo"
    if gpus == 0:
        raise TooFewDevices(NO_GPU)
    if gpus < ranks:
        raise TooFewDevices(
            f"trainer.devices asks for {ranks}, and the machine that ran this training has {gpus} "
            f"GPU{'' if gpus == 1 else 's'}. Ask for at most {gpus}, or set trainer.accelerator to cpu."
        )
    return "cpu:gloo,cuda:nccl"


def _environment(job: Job, threads: int) -> dict[str, str]:
    """Return the variables that torchrun would set: with them, Lightning starts no processes."""
    return {
        "RANK": str(job.rank),
        "LOCAL_RANK": str(job.rank % job.local_ranks),
        "WORLD_SIZE": str(job.ranks),
        "LOCAL_WORLD_SIZE": str(job.local_ranks),
        "GROUP_RANK": str(job.node),
        "NODE_RANK": str(job.node),
        "MASTER_ADDR": job.meeting_address,
        "MASTER_PORT": str(job.meeting_port),
        "TORCHELASTIC_RUN_ID": f"run-{job.run_id}-{job.attempt}",
        "OMP_NUM_THREADS": str(threads),  # or Lightning would choose the number of threads
    }


def gathered(own: T) -> list[T]:
    """Collect the value of every rank on rank 0, in rank order; others get their own alone. All ranks must call it."""
    here = place()
    if here.ranks == 1:
        return [own]
    everyone: list[T] | None = [own] * here.ranks if here.rank == 0 else None
    distributed.gather_object(own, everyone, dst=0)
    return everyone or [own]


def decided(decide: Callable[[], T]) -> T:
    """Return on every rank what rank 0 decides; only rank 0 calls `decide`. All ranks must call this."""
    here = place()
    if here.ranks == 1:
        return decide()
    box = [decide() if here.rank == 0 else None]
    distributed.broadcast_object_list(box, src=0)
    return box[0]  # type: ignore[return-value]  # rank 0 has filled it


class Agreement:
    """The highest number that any rank proposed, known to all of them at the same call.

    The answer is that of the previous call: by then it has arrived, and no rank waits for it. All ranks must call it
    equally often.
    """

    def __init__(self) -> None:
        self._alone = place().ranks == 1
        self._asked: tuple[Tensor, distributed.Work] | None = None

    def reached(self, own: int) -> int:
        """Propose a number and return the previous answer; a single process gets its own number at once."""
        if self._alone:
            return own
        answer = self._answer()
        said = torch.tensor([own], dtype=torch.int32)
        self._asked = (said, distributed.all_reduce(said, distributed.ReduceOp.MAX, async_op=True))
        return answer

    def _answer(self) -> int:
        if self._asked is None:
            return 0
        said, work = self._asked
        work.wait()
        return int(said)
