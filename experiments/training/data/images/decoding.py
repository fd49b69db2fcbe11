"""All images of a data set as one tensor: decoded in threads, with progress in the log, or mapped from the cache."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from experiments.training.contract.source_errors import SourceError
from experiments.training.contract.stop import Interrupted
from experiments.training.data.files import run_log
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import Index
from experiments.training.data.images import medmnist, pixels
from experiments.training.data.images.headers import Header
from experiments.training.data.images.pixel_cache import PixelCache
from experiments.training.data.images.pixel_scale import Extremes
from experiments.training.data.images.survey import Inputs

Progress: TypeAlias = Callable[[int, int], object]
"""Is told how many images are done, of how many."""

VERSION = 3  # of the way from files to pixels: what older versions cached is not used
DECODERS = ("pillow", "pydicom", "python-gdcm")
REPORT_SECONDS = 5.0


def decode(
    files: Files, index: Index, inputs: Inputs, cache: PixelCache, seen: dict[str, Header] | None = None
) -> tuple[Tensor, Inputs]:
    """Decode all images to uint8 (N, channels, size, size) in the order of the index; return what was done, too.

    `seen` gets the headers, by name, of the files that were opened: of none whose pixels were cached. The scale becomes
    wider where many images prove to reach beyond it. Raises SourceError, of which UnreadableImages names all broken
    images, and Interrupted once the cache's `stop` is set.
    """
    try:
        return _decoded(files, index, inputs, cache, seen), inputs
    except pixels.TooNarrow as error:
        run_log.write("Many images reach far beyond the range of those looked at first; decoding all by a wider one.")
        wider = replace(inputs, scale=inputs.scale.widened(error.found))
    return _decoded(files, index, wider, cache, seen), wider


def decode_as_given(
    files: Files,
    index: Index,
    inputs: Inputs,
    cache: PixelCache,
    *,
    seen: dict[str, Header],
    beyond: dict[str, Extremes],
    progress: Progress | None = None,
) -> Tensor:
    """Decode as `decode` does, by a scale that stays as it is: that of a run which learned from other images.

    `beyond` gets the images, by name, that reach far beyond it. `progress` is told how many of all are done; neither is
    known of pixels that were cached.
    """
    return _decoded(files, index, inputs, cache, seen, beyond=beyond, progress=progress)


def _decoded(
    files: Files,
    index: Index,
    inputs: Inputs,
    cache: PixelCache,
    seen: dict[str, Header] | None,
    *,
    beyond: dict[str, Extremes] | None = None,
    progress: Progress | None = None,
) -> Tensor:
    size, channels, scale = inputs.size, inputs.channels, inputs.scale
    packed = files.kind == "npz"
    names = [stack.file for stack in medmnist.stacks(files).values()] if packed else [s.file for s in index.samples]

    def blocks() -> Iterator[NDArray[np.uint8]]:
        found = (
            pixels.array_blocks(files, size=size, channels=channels)
            if packed
            else pixels.blocks(files, names, size=size, channels=channels, scale=scale, seen=seen, beyond=beyond)
        )
        return _reported(found, len(index.samples), cache.stop, progress)

    shape = (len(index.samples), channels, size, size)
    return cache.pixels(partial(_key, files, names, inputs), shape, blocks)


def _key(files: Files, names: Sequence[str], inputs: Inputs) -> str:
    """Hash everything the pixels depend on: each file's content and place, size, colour, scale, and the decoders."""
    made_by = (VERSION, _decoders(), inputs.size, inputs.channels, inputs.scale, len(names))
    digest = hashlib.blake2b(repr(made_by).encode(), digest_size=16)
    for name in names:
        digest.update(f"\n{name}\0{_identity(files, name)}".encode())
    return digest.hexdigest()


def _identity(files: Files, name: str) -> str:
    try:
        return files.identity(name)
    except OSError as error:
        raise SourceError("source_path", f"{name} cannot be read ({error.strerror}); replace it.") from error


def _decoders() -> list[str]:
    """List the decoders with their versions: a new version may round differently."""
    found = []
    for package in DECODERS:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return found


def _reported(
    blocks: Iterator[NDArray[np.uint8]], total: int, stop: threading.Event, progress: Progress | None
) -> Iterator[NDArray[np.uint8]]:
    """Pass on the blocks and log progress every few seconds; raises Interrupted once `stop` is set."""
    started = reported = time.monotonic()
    done = 0
    for block in blocks:
        if stop.is_set():
            raise Interrupted
        done += len(block)
        yield block
        if progress is not None:
            progress(done, total)
        if (now := time.monotonic()) - reported >= REPORT_SECONDS and done < total:
            reported = now
            rate = done / (now - started)
            left = (total - done) / rate
            run_log.write(f"Decoded {done:,} of {total:,} images, {rate:,.0f} per second; {left:.0f} s left.")
    seconds = time.monotonic() - started
    run_log.write(f"Decoded {total:,} images in {seconds:.1f} s.")
