"""Batches taken whole from tensors in memory: collating samples one by one costs more than a small network's step."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias, cast

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from experiments.training.contract.inference import PIXEL_DIVISOR, PIXEL_OFFSET
from experiments.training.ranks import Place

# The training process's own default is a fork server without torch, which takes tens of seconds to start workers.
WORKERS_BY = "fork" if sys.platform.startswith("linux") else None

BYTES_AT_ONCE = 1 << 20  # of the batches that are gathered together: what a processor's cache holds
FEWEST_BYTES = 1 << 10  # of one batch: its three tensors take some themselves, however few samples it has

Batch: TypeAlias = tuple[Tensor, Tensor, Tensor]


class TensorBatches(Dataset[Batch]):
    """A data set indexed by a tensor of sample indices; gives (x float32, y int64, the indices).

    uint8 pixels become -1 … 1 here, batch by batch: as floats they would take four times the memory.
    """

    def __init__(self, inputs: Tensor, labels: Tensor) -> None:
        self._inputs = inputs
        self._labels = labels

    def __getitem__(self, indices: Tensor) -> Batch:
        return scaled(self._inputs[indices]), self._labels[indices], indices

    def several(self, indices: Sequence[Tensor]) -> Iterator[Batch]:
        """Gather several batches at once and give them in order, as views of what was gathered."""
        sizes = [len(batch) for batch in indices]
        parts = (torch.split(part, sizes) for part in self[torch.cat(list(indices))])
        return cast(Iterator[Batch], zip(*parts, strict=True))

    def at_once(self, batch_size: int) -> int:
        """Return how many batches of so many samples `several` shall gather: one, where they are large."""
        sample = self._inputs[:1].numel() * 4  # as float32
        return max(1, BYTES_AT_ONCE // max(FEWEST_BYTES, sample * batch_size))


def scaled(x: Tensor) -> Tensor:
    """Turn uint8 pixels into what a network gets, -1 … 1 as float32; the features of a table are that already."""
    return x.float().div_(PIXEL_DIVISOR).sub_(PIXEL_OFFSET) if x.dtype == torch.uint8 else x


class BatchIndices(Sampler[Tensor]):
    """The indices of one split, cut into batches; a seed makes the order a function of seed and epoch only.

    With several processes each gets its own part, and all get the same number of batches, since they wait for each
    other at each one. With a seed (training), a batch is a process's equal part of what one process would get with
    `ranks` times the batch size; what does not divide evenly is left out. Without a seed, a process gets one contiguous
    part of the split, nothing is left out, and batches may differ in size by one and be one larger than asked.

    Lightning finds `set_epoch` on a loader's sampler and calls it before each epoch, also after a resume.
    """

    def __init__(
        self, indices: Sequence[int], batch_size: int, *, seed: int | None = None, place: Place | None = None
    ) -> None:
        self._indices = torch.tensor(indices, dtype=torch.int64)
        self.batch_size = batch_size
        self._seed = seed
        self._rank, self._ranks = place or Place()
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, from 0, that the next order depends on."""
        self._epoch = epoch

    def __len__(self) -> int:
        if self._seed is None:
            largest_part = math.ceil(len(self._indices) / self._ranks)
            return min(math.ceil(largest_part / self.batch_size), len(self._indices) // self._ranks)
        whole, rest = divmod(len(self._indices), self.batch_size * self._ranks)
        # A last batch of one sample is left out of training: a network with batch normalisation fails on it.
        return whole + (rest // self._ranks > 1)

    def __iter__(self) -> Iterator[Tensor]:
        return self._in_order() if self._seed is None else self._shuffled(self._seed)

    def _in_order(self) -> Iterator[Tensor]:
        part = torch.tensor_split(self._indices, self._ranks)[self._rank]
        batches = torch.split(part, self.batch_size)
        if self._ranks == 1 or len(batches) == len(self):
            return iter(batches[: len(self)])
        return iter(torch.tensor_split(part, len(self)))

    def _shuffled(self, seed: int) -> Iterator[Tensor]:
        generator = torch.Generator().manual_seed(_mixed(seed, self._epoch))
        order = self._indices[torch.randperm(len(self._indices), generator=generator)]
        batches = torch.split(order, self.batch_size * self._ranks)
        return (self._part(batch) for batch in batches[: len(self)])

    def _part(self, batch: Tensor) -> Tensor:
        size = len(batch) // self._ranks
        return batch[self._rank * size : (self._rank + 1) * size]


class DirectLoader(DataLoader[Batch]):
    """A loader in the training process that leaves out torch's steps from a sampler to a batch.

    They, and gathering each small batch by itself, cost more than a small network's forward pass.
    """

    def __init__(self, data: TensorBatches, indices: BatchIndices) -> None:
        super().__init__(data, batch_size=None, sampler=indices, collate_fn=_as_is)
        self._at_once = data.at_once(indices.batch_size)

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]
        """Give the batches in the sampler's order."""
        data, indices = cast(TensorBatches, self.dataset), iter(self.sampler)
        while together := list(islice(indices, self._at_once)):
            yield from data.several(together)


def loader(data: TensorBatches, indices: BatchIndices, num_workers: int) -> DataLoader[Batch]:
    """Make a loader that takes each element of `indices` as one whole batch."""
    if num_workers == 0:
        return DirectLoader(data, indices)
    return DataLoader(
        data,
        batch_size=None,
        sampler=indices,
        num_workers=num_workers,
        persistent_workers=True,
        multiprocessing_context=WORKERS_BY,
        collate_fn=_as_is,
    )


def _as_is(batch: Any) -> Any:
    return batch


def _mixed(seed: int, epoch: int) -> int:
    """Hash seed and epoch to 32 bits, all that torch's generator uses, different for each epoch of each seed."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{epoch}".encode(), digest_size=4).digest(), "big")
