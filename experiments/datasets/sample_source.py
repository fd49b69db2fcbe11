"""Where samples come from: one version of a data set, or a built-in one."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version as version_of
from pathlib import Path

from django.conf import settings

from experiments.datasets import storage
from experiments.models import Dataset
from experiments.training.data.files.catalogue import PREFIX, Builtin


class NotReady(Exception):
    """The data set is not checked, or was refused: there are no samples to show."""


@dataclass(frozen=True)
class SampleSource:
    """A version of a data set whose samples can be shown.

    `key` is the same for all versions, and part of a file's name, as `version` is; `name` stands in addresses.
    `not_ready` says why nothing more can be drawn of it.
    """

    key: str
    version: str
    name: str
    classes: tuple[str, ...]
    path: Path
    roots: tuple[Path, ...]
    stamp: str | None
    builtin: str | None = None
    not_ready: str | None = None

    @property
    def short_version(self) -> str:
        """The start of the version, as it stands in names of folders and in addresses."""
        return self.version[:16]


def of_dataset(dataset: Dataset) -> SampleSource:
    """Return the source of a data set as it was when it was last checked."""
    ready = dataset.state == Dataset.State.READY and dataset.content_hash
    state = dataset.get_state_display().lower()
    return SampleSource(
        key=str(dataset.pk),
        version=dataset.content_hash,
        name=dataset.name,
        classes=tuple(name for name, _ in dataset.classes or []),
        path=dataset.location,
        roots=tuple(storage.roots_of(dataset)),
        stamp=dataset.stamp,
        not_ready=None if ready else f"{dataset.name!r} is {state}; samples can be seen when it is ready.",
    )


def of_builtin(builtin: Builtin) -> SampleSource:
    """Return the source of a built-in data set; its version is that of the library it comes with."""
    return SampleSource(
        key=f"builtin-{builtin.name}",
        version=version_of("scikit-learn"),
        name=PREFIX + builtin.name,
        classes=tuple(builtin.counts),
        path=Path(settings.DATASETS_ROOT),
        roots=(),
        stamp=None,
        builtin=builtin.name,
    )
