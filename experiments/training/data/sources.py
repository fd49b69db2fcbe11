"""What `source_path` names and whether it can be trained on; free of torch, NumPy and scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from experiments.training.config import TrainingConfig
from experiments.training.data import catalogue, layouts, paths, requirements, verification
from experiments.training.data.archives import Archive
from experiments.training.data.errors import SourceError
from experiments.training.data.folders import Files, Folder


@dataclass(frozen=True)
class SourceSummary:
    """`classes` maps each class to its number of samples, in label order."""

    name: str
    kind: Literal["builtin", "directory", "zip"]
    classes: Mapping[str, int]

    @property
    def samples(self) -> int:
        return sum(self.classes.values())


def inspect(config: TrainingConfig, roots: Sequence[Path]) -> SourceSummary:
    """Check everything that can be known before a training starts; raises SourceError."""
    builtin = catalogue.find(config.source_path)
    if builtin:
        requirements.check(config, builtin.counts, table=builtin.table)
        return SourceSummary(builtin.name, "builtin", builtin.counts)
    with open_files(config.source_path, roots) as files:
        index = layouts.read(files, config.data)
        requirements.check(config, index.counts, table=False)
        verification.check(files, [sample.file for sample in index.samples])
        return SourceSummary(files.name, files.kind, index.counts)


@contextmanager
def open_files(source_path: str, roots: Sequence[Path]) -> Iterator[Files]:
    """The files of a folder or zip inside the roots, closed at the end; raises SourceError."""
    path, root = paths.resolve(source_path, roots)
    if path.is_dir():
        files: Files = Folder(path, root)
    elif path.is_file() and path.suffix.lower() == ".zip":
        files = Archive(path)
    else:
        raise SourceError("source_path", f"{source_path!r} is neither a folder nor a .zip file; give one of these.")
    try:
        yield files
    finally:
        files.close()


__all__ = ["SourceError", "SourceSummary", "inspect", "open_files"]
