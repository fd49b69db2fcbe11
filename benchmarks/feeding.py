"""How fast images reach the network: ours against a plain PyTorch `Dataset` and `DataLoader` of the same files.

Both give shuffled float batches of grey images from one folder of PNG files. The plain one opens, resizes and converts
each file again, as tutorials have it; ours is the data module of a real run. They take turns, and ratios are medians
over the rounds, so that a busy machine disturbs both alike.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from experiments.training.contract.config import TrainingConfig
from experiments.training.contract.reports import Job
from experiments.training.data.files import cores
from experiments.training.data.files.folders import Folder
from experiments.training.data.images import pixels
from experiments.training.data.images.pixel_scale import PixelScale
from experiments.training.data.module import DataModule, build

BATCH = 64


class Plain(Dataset[tuple[Tensor, int]]):
    """One file per item."""

    def __init__(self, files: list[Path], size: int) -> None:
        self._files, self._size = files, size

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        with Image.open(self._files[index]) as image:
            grey = image.convert("L").resize((self._size, self._size), Image.Resampling.BILINEAR)
        return torch.from_numpy(np.array(grey)).float().div_(127.5).sub_(1)[None], index % 2


def write_images(folder: Path, count: int, side: int) -> None:
    """Write smooth shapes with noise, as X-rays are, and a table of two classes; names give their order."""
    random = np.random.default_rng(0)
    shapes = [
        np.asarray(Image.fromarray(random.integers(0, 256, (8, 8), dtype=np.uint8)).resize((side, side)), dtype=int)
        for _ in range(20)
    ]
    for number in range(count):
        noisy = shapes[number % 20] + random.integers(-8, 9, (side, side))
        Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(folder / f"{number:06d}.png")
    rows = "".join(f"{number:06d},{number % 2}\n" for number in range(count))
    (folder / "labels.csv").write_text(f"patientId,Target\n{rows}")


def epoch(loader: DataLoader[Any]) -> int:
    """Take all batches and return the number of images."""
    return sum(len(batch[0]) for batch in loader)


def rate(work: Callable[[], int]) -> float:
    """Measure the images per second of wall time."""
    start = time.perf_counter()
    return work() / (time.perf_counter() - start)


class Ours:
    """The data module of a run over the folder, in a home of its own."""

    def __init__(self, source: Path, home: Path, size: int, workers: int) -> None:
        asked = {
            "experiment_name": "feeding",
            "source_path": str(source),
            "data": {"batch_size": BATCH, "image_size": size, "num_workers": workers, "val_fraction": 0.01},
        }
        config = TrainingConfig.model_validate(asked)
        self._config = config
        self._job = Job(
            run_id=1,
            attempt=1,
            config=config.model_dump(mode="json"),
            run_dir=str(home / "run"),
            datasets_dir=str(home / "datasets"),
            data_roots=[str(source)],
            cache_bytes=2**32,
        )

    def load(self) -> DataModule:
        with contextlib.redirect_stdout(io.StringIO()):
            return build(self._config, self._job)


def compare(source: Path, size: int, workers: int, rounds: int) -> None:
    """Print images per second, first and second epoch, and the ratios."""
    plain = DataLoader(
        Plain(sorted(source.glob("*.png")), size),
        batch_size=BATCH,
        shuffle=True,
        num_workers=workers,
        persistent_workers=workers > 0,
    )
    found: dict[str, list[float]] = {name: [] for name in ("plain 1", "plain 2", "ours 1", "ours 2", "ours mapped")}
    for _ in range(rounds):
        found["plain 1"].append(rate(lambda: epoch(plain)))
        found["plain 2"].append(rate(lambda: epoch(plain)))
        with tempfile.TemporaryDirectory() as home:
            ours = Ours(source, Path(home), size, workers)
            loaders: list[DataLoader[Any]] = []

            def first(run: Ours = ours, into: list[DataLoader[Any]] = loaders) -> int:
                into.append(run.load().train_dataloader())
                return epoch(into[-1])

            found["ours 1"].append(rate(first))
            found["ours 2"].append(rate(lambda into=loaders: epoch(into[0])))  # type: ignore[misc]
            found["ours mapped"].append(rate(first))
    report(found, workers)


def report(found: dict[str, list[float]], workers: int) -> None:
    def ratio(mine: str, other: str) -> float:
        return statistics.median(a / b for a, b in zip(found[mine], found[other], strict=True))

    print(
        f"num_workers={workers}, images per second: "
        + ", ".join(f"{name} {statistics.median(rates):,.0f}" for name, rates in found.items())
    )
    print(f"  second epoch, ours / plain                         {ratio('ours 2', 'plain 2'):6.1f}   goal >= 3")
    print(f"  first epoch with reading and decoding, ours / plain {ratio('ours 1', 'plain 1'):5.1f}")
    print(f"  first epoch of a later run, mapped, ours / plain    {ratio('ours mapped', 'plain 1'):5.1f}")


def threads(source: Path, size: int, rounds: int) -> None:
    """Measure what decoding in several threads gains."""
    folder = Folder(source, source)
    names = [name for name in folder.sizes if name.endswith(".png")]
    usable = cores.usable()
    found: dict[int, list[float]] = {1: [], usable: []}
    for _ in range(rounds):
        for count, rates in found.items():
            decoded = pixels.blocks(folder, names, size=size, channels=1, scale=PixelScale(), threads=count)
            rates.append(rate(lambda blocks=decoded: sum(len(block) for block in blocks)))  # type: ignore[misc]
    gain = statistics.median(many / one for one, many in zip(found[1], found[usable], strict=True))
    print(f"decoding in {usable} threads / in one: {gain:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--side", type=int, default=64, help="pixels of the files, square")
    parser.add_argument("--size", type=int, default=64, help="pixels of the batches, square")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder)
        write_images(source, asked.images, asked.side)
        print(f"{asked.images} PNG files, {asked.side} pixels square, in batches of {BATCH} at {asked.size} pixels")
        for workers in (0, 2):
            compare(source, asked.size, workers, asked.rounds)
        threads(source, asked.size, asked.rounds)


if __name__ == "__main__":
    main()
