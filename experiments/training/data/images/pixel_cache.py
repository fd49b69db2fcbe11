"""Decoded images kept on disk and mapped into memory: decoded once, shared by all runs over the same data.

A file is a JSON header of fixed length followed by the raw pixels. It exists whole or not at all, and any fault with it
costs only time: the images are decoded again.
"""

from __future__ import annotations

import math
import mmap
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.stop import Interrupted
from experiments.training.data.files import file_locks, run_log
from experiments.training.data.files.requirements import MAX_IN_MEMORY_BYTES
from experiments.training.data.images import cache_headers, cache_space
from runs import atomic_files

POLL_SECONDS = 0.1

Shape: TypeAlias = tuple[int, int, int, int]
Blocks: TypeAlias = Callable[[], Iterator[NDArray[np.uint8]]]


@dataclass(frozen=True)
class PixelCache:
    """Files in `folder`, together at most `max_bytes`, made from the data at `place`.

    Setting `stop` ends the waiting for another run with `Interrupted`.
    """

    folder: Path
    max_bytes: int
    place: str
    stop: threading.Event

    def pixels(self, key: Callable[[], str], shape: Shape, blocks: Blocks) -> Tensor:
        """Map uint8 pixels of `shape` from the cache, or decode `blocks` and keep them there.

        They stay in memory where the cache cannot hold them. `key` names the content and is asked again afterwards:
        data that changed meanwhile are not kept. Raises what `blocks` raises, and SourceError for too much memory.
        """
        if math.prod(shape) + cache_headers.BYTES > self.max_bytes:
            return in_memory(shape, blocks, "more than LIVETRAIN_CACHE_GIB" if self.max_bytes else "")
        name = key()
        path = self.folder / f"{name}{cache_space.SUFFIX}"
        try:
            with self._turn(path):
                return self._found_or_made(path, shape, blocks, lambda: key() == name)
        except OSError as error:
            reason = error.strerror or type(error).__name__
        return in_memory(shape, blocks, reason)

    def _found_or_made(self, path: Path, shape: Shape, blocks: Blocks, unchanged: Callable[[], bool]) -> Tensor:
        found = _mapped(path, shape)
        if found is not None:
            run_log.write(f"{shape[0]:,} images: decoded before, mapped from the cache.")
            return found
        made = self._made(path, shape, blocks)
        if not unchanged():
            run_log.write("The images changed while they were being decoded, so the cache does not keep them.")
            path.unlink()
        return made

    @contextmanager
    def _turn(self, path: Path) -> Iterator[None]:
        """Hold the file's lock: the first of several runs over the same images decodes them for all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with path.with_suffix(".lock").open("w") as file:
            if not file_locks.taken(file):
                run_log.write("Another run is decoding the same images; waiting for it.")
            while not file_locks.taken(file):
                if self.stop.is_set():
                    raise Interrupted
                time.sleep(POLL_SECONDS)
            yield

    def _made(self, path: Path, shape: Shape, blocks: Blocks) -> Tensor:
        with ExitStack() as until_renamed, atomic_files.replacing(path) as temporary:
            file = until_renamed.enter_context(temporary.open("w+b"))  # its lock says that it is not abandoned
            cache_space.reserve(file, cache_headers.BYTES + math.prod(shape), self.folder, self.max_bytes)
            file.write(cache_headers.header(shape, self.place))
            for block in blocks():
                file.write(np.ascontiguousarray(block).data)
            file.flush()
        made = _mapped(path, shape)
        if made is None:
            raise OSError(0, "it could not be read back")
        return made


def in_memory(shape: Shape, blocks: Blocks, reason: str) -> Tensor:
    """Decode the blocks into memory without a cache; raises SourceError where they would take too much."""
    size = math.prod(shape)
    if reason:
        run_log.write(f"The decoded images ({size / 2**20:,.0f} MiB) are not cached: {reason}. They stay in memory.")
    if size > MAX_IN_MEMORY_BYTES:
        raise SourceError(
            "data.image_size",
            f"{shape[0]:,} decoded images take {size / 2**30:.1f} GiB, too much for memory (at most "
            f"{MAX_IN_MEMORY_BYTES >> 30}), and the cache cannot hold them: {reason or 'it is off'}. "
            "Choose a smaller image_size, or make room in LIVETRAIN_HOME.",
        )
    pixels = torch.empty(shape, dtype=torch.uint8)
    view, row = pixels.numpy(), 0
    for block in blocks():
        view[row : row + len(block)] = block
        row += len(block)
    return pixels


def _mapped(path: Path, shape: Shape) -> Tensor | None:
    """Map the file's pixels, which are never written to; None where the file is missing or damaged.

    A lock lives as long as the mapping and keeps the file from being removed to make room.
    """
    try:
        with path.open("rb") as file:
            if not file_locks.taken(file, shared=True):
                return None  # it is being removed
            if not cache_headers.intact(file.read(cache_headers.BYTES), os.fstat(file.fileno()).st_size, shape):
                run_log.write(f"The cache's file {path.name} is damaged; decoding the images again.")
                return None
            with suppress(OSError):
                os.utime(path)
            pages = mmap.mmap(file.fileno(), 0, flags=_private(), prot=mmap.PROT_READ | mmap.PROT_WRITE)
    except FileNotFoundError:
        return None
    return torch.from_numpy(np.frombuffer(pages, np.uint8, offset=cache_headers.BYTES).reshape(shape))


def _private() -> int:
    """Return flags for a private mapping.

    No stray write reaches the file, and Linux does not count it as memory that may be needed.
    """
    no_reserve = 0x4000 if sys.platform == "linux" else 0
    return mmap.MAP_PRIVATE | no_reserve
