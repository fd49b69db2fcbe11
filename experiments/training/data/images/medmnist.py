"""Read MedMNIST's `.npz` without NumPy: `train_images`, `train_labels`, and the same for `val` and `test`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from experiments.training.contract.config import DataConfig
from experiments.training.contract.reading import Reading, Unused, Usage
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.splits import SPLITS, SplitName
from experiments.training.data.files.archives import READ_ERRORS
from experiments.training.data.files.folders import Files
from experiments.training.data.files.index import MAX_SAMPLES, Index, Sample
from experiments.training.data.images import npy_headers
from experiments.training.data.images.npy_headers import Header
from experiments.training.data.labels import labelling

READ_AT_ONCE = 2**22  # bytes


@dataclass(frozen=True)
class Images:
    """One split's images: `count` of them, uint8, each `height` x `width` x `channels` bytes, row by row."""

    file: str
    count: int
    height: int
    width: int
    channels: int

    @property
    def bytes_each(self) -> int:
        """The size of one image in bytes."""
        return self.height * self.width * self.channels


def read(files: Files, config: DataConfig) -> Index:
    """Read the samples and their splits, with ids `train/0`, `train/1`, …, from labels alone; raises SourceError."""
    values = {split: _labels(files, split, images.count) for split, images in stacks(files).items()}
    counts = Counter(str(value) for part in values.values() for value in part)
    labels = labelling.read(counts, config, "the arrays of labels", "numbers")
    samples = [
        Sample(f"{split}/{number}", None, labels.label_of[str(value)] or 0, split=split)
        for split, part in values.items()
        for number, value in enumerate(part)
    ]
    return Index(labels.classes, samples, labels.described(_reading(files, values)))


def _reading(files: Files, splits: Collection[SplitName]) -> Reading:
    used = {f"{split}_{what}.npy" for split in splits for what in ("images", "labels")}
    others = [name for name in files.sizes if name not in used]
    unused = Unused(kind="array", what="another name", count=len(others), examples=others[:3])
    return Reading(
        layout="arrays",
        why=f"The arrays {', '.join(f'{split}_images' for split in splits)} and their labels, as MedMNIST names them.",
        files=Usage(total=len(files.sizes), used=len(used), unused=[unused] if others else []),
    )


def stacks(files: Files) -> dict[SplitName, Images]:
    """Find the images of each split that the file has, in the order of the index; raises SourceError."""
    found: dict[SplitName, Images] = {
        split: _images(files, f"{split}_images.npy") for split in SPLITS if f"{split}_images.npy" in files.sizes
    }
    if "train" not in found:
        listed = some([name.removesuffix(".npy") for name in files.sizes], 10) or "nothing"
        raise _error(f"The .npz has no train_images and train_labels, as MedMNIST's files have; it has {listed}.")
    return found


def pixels(files: Files, images: Images) -> Iterator[bytes]:
    """Yield the pixel values, several whole images at a time; raises SourceError."""
    step = max(1, READ_AT_ONCE // images.bytes_each) * images.bytes_each
    with _array(files, images.file) as (_, values):
        for start in range(0, images.count * images.bytes_each, step):
            yield values.read(min(step, images.count * images.bytes_each - start))


def _images(files: Files, name: str) -> Images:
    with _array(files, name) as (header, _):
        channels = header.shape[3] if len(header.shape) == 4 else 1
        if header.kind != "u1" or len(header.shape) not in (3, 4) or channels not in (1, 3) or 0 in header.shape[1:]:
            raise _error(
                f"{name} has values {header.kind} of shape {header.shape}; images must be uint8 of shape "
                "(number, height, width) or (number, height, width, 3)."
            )
        if header.shape[0] > MAX_SAMPLES:
            raise _error(f"{name} has {header.shape[0]:,} images; at most {MAX_SAMPLES:,} are read.")
        return Images(name, header.shape[0], header.shape[1], header.shape[2], channels)


def _labels(files: Files, split: SplitName, count: int) -> list[int]:
    name = f"{split}_labels.npy"
    if name not in files.sizes:
        raise _error(f"The .npz has {split}_images but no {split}_labels; save both.")
    with _array(files, name) as (header, values):
        if header.kind[0] == "f" or header.shape not in ((count,), (count, 1)):
            raise _error(
                f"{name} has values {header.kind} of shape {header.shape}; labels must be whole numbers of shape "
                f"({count}, 1), one for each image."
            )
        return npy_headers.whole_numbers(values.read(), header)


@contextmanager
def _array(files: Files, name: str) -> Iterator[tuple[Header, BinaryIO]]:
    """Open an array and yield its header and the file positioned at the values, their number checked."""
    try:
        with files.open(name) as file:
            header = npy_headers.read(file, name)
            if files.sizes[name] != file.tell() + header.data_bytes:
                raise _error(f"{name} is shorter or longer than its header says; save it again with numpy.savez.")
            yield header, file
    except READ_ERRORS as error:
        raise _broken(name, error) from error


def _broken(name: str, error: Exception) -> SourceError:
    return _error(f"{name} cannot be read ({error}); copy the .npz again.")


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
