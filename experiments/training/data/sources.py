"""Open what `source_path` names and check whether it can be trained on; free of torch, NumPy and scikit-learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from experiments.training.contract import source_forms
from experiments.training.contract.config import DataConfig, TrainingConfig
from experiments.training.contract.reading import PatientFacts, Reading, naming_questions, require_answers
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data import layouts
from experiments.training.data.files import catalogue, paths, requirements
from experiments.training.data.files.archives import Archive
from experiments.training.data.files.catalogue import Builtin
from experiments.training.data.files.folders import Files, Folder, LoneFile
from experiments.training.data.files.index import Index, Sample
from experiments.training.data.images import medmnist, verification
from experiments.training.data.labels import class_names, positive_class
from experiments.training.data.patients import resolution
from experiments.training.data.splitting import division, split_files
from experiments.training.data.subgroups import subgroup_reading
from experiments.training.data.tables import feature_tables

HEADERS_READ = 30_000  # DICOM files that a request reads for their patients; more are left to the training process


@dataclass(frozen=True)
class SourceSummary:
    """What a training will read.

    `classes` maps each class to its number of samples, in label order; `stamp` is that of the files, if there are any.
    """

    name: str
    kind: Literal["builtin", "directory", "zip", "npz", "file"]
    classes: Mapping[str, int]
    stamp: str | None = None

    @property
    def samples(self) -> int:
        """The number of samples of all classes."""
        return sum(self.classes.values())


def inspect(
    config: TrainingConfig,
    roots: Sequence[Path],
    *,
    cache_bytes: int = 0,
    answered: bool = True,
    stamp: str | None = None,
    pictures_checked: bool = False,
) -> SourceSummary:
    """Check everything that can be known before a training starts; raises SourceError.

    `cache_bytes` is how much disk space decoded images may take. Unless `answered` is False, as for a dry run, a
    question that the data raise and the configuration does not answer is an error. The files must have `stamp`, if one
    is given; with `pictures_checked`, those with that stamp were checked before, and no image is opened again.
    """
    builtin = catalogue.find(config.source_path)
    if builtin:
        _check_builtin(config, builtin, roots)
        return SourceSummary(builtin.name, "builtin", builtin.counts)
    with open_files(config.source_path, roots) as files:
        require_stamp(files.stamp, stamp)
        index = read(files, config, headers_at_most=HEADERS_READ)
        if answered:
            require_answers(index.reading)
        with naming_questions(index.reading):
            assigned = division.divide(config, index, roots)
            requirements.check(
                config,
                index.counts,
                training=assigned.count("train"),
                table=index.reading.layout == "rows",
                cache_bytes=cache_bytes,
            )
        image_files = index.files
        if image_files and not config.data.skip_unreadable and not pictures_checked:
            verification.check(files, image_files)
        return SourceSummary(files.name, files.kind, index.counts, files.stamp)


def read(files: Files, config: TrainingConfig, *, headers_at_most: int | None = None) -> Index:
    """Read the samples in whichever layout the files have; raises SourceError.

    Opens no image except for DICOM headers, and with more than `headers_at_most` DICOM files not those either.
    """
    index = resolution.resolved(files, _found(files, config), config.data, headers_at_most=headers_at_most)
    return _with_positive(index, config)


def _with_positive(index: Index, config: TrainingConfig) -> Index:
    """Name the classes as asked, and put the positive one of two last."""
    named = class_names.named(index, config.data.class_names)
    return positive_class.ordered(named, config.model.positive_class, index.classes)


def _found(files: Files, config: TrainingConfig) -> Index:
    if files.kind != "npz" and (table := feature_tables.find(files, config.data.table)):
        try:
            index = feature_tables.read(files, table, config.data)
        except SourceError as problem:
            raise layouts.with_unread(problem, files) from problem.__cause__
        return layouts.beside_table(files, index, table, config.data)
    if files.kind == "npz":
        why = "The arrays of images have no columns and folders that tell subgroups apart; leave it out."
        subgroup_reading.refuse(config.data, why, why)
        index = medmnist.read(files, config.data)
    else:
        index = layouts.read(files, config.data)
    _refuse_columns(config.data, f"{files.name} has images, and a training learns from their pixels alone")
    return index


def _refuse_columns(config: DataConfig, why: str) -> None:
    """Raise SourceError for options that choose columns to learn from, where that would change nothing."""
    asked = {"ignore_columns": config.ignore_columns, "use_columns": config.use_columns}
    for option, columns in asked.items():
        if columns:
            named = some([repr(column) for column in columns])
            raise SourceError(
                f"data.{option}",
                f"{why}: naming {named} changes nothing. Leave this option out; it is for tables without images.",
            )


def require_stamp(found: str | None, expected: str | None) -> None:
    """Raise SourceError unless the files' stamp is the expected one; None expects nothing."""
    if expected is not None and found != expected:
        raise SourceError(
            "source_path",
            "The data set has changed since its content hash was taken: files came, went or were written. "
            "Have it checked again, on its page or by POST to its check/, then submit the training again.",
        )


def of_builtin(config: TrainingConfig, builtin: Builtin, labels: Sequence[int]) -> Index:
    """Index the samples of a built-in data set, given their labels; raises SourceError."""
    if config.data.finding:
        raise SourceError(
            "data.finding", f"The built-in {builtin.name} asks one question, {builtin.about!r}; leave it out."
        )
    _refuse_columns(config.data, f"The built-in {builtin.name} is learned from as it is")
    why = f"The built-in {builtin.name} has no columns and folders that tell subgroups apart; leave it out."
    subgroup_reading.refuse(config.data, why, why)
    reading = Reading(
        layout="builtin",
        classes_from="the built-in data set",
        positive=list(builtin.counts)[-1],
        positive_why="the built-in data set says it",
        patients=PatientFacts(why=resolution.UNKNOWN),
    )
    samples = [Sample(id_, None, label) for id_, label in zip(builtin.ids, labels, strict=True)]
    return _with_positive(Index(list(builtin.counts), samples, reading), config)


def _check_builtin(config: TrainingConfig, builtin: Builtin, roots: Sequence[Path]) -> None:
    """Check what counts and ids alone allow: which id has which class is known only after loading."""
    labels = [label for label, count in enumerate(builtin.counts.values()) for _ in range(count)]
    index = of_builtin(config, builtin, labels)
    if config.data.split_file:
        split_files.read(config.data.split_file, index, roots)
    own = config.model_copy(update={"data": config.data.model_copy(update={"split_file": None})})
    training = division.divide(own, index, ()).count("train")
    requirements.check(config, builtin.counts, training=training, table=builtin.table)


@contextmanager
def open_files(source_path: str, roots: Sequence[Path]) -> Iterator[Files]:
    """Open the folder, zip, npz or single table inside the roots and close it at the end; raises SourceError."""
    path, root = paths.resolve(source_path, roots)
    source_forms.require_known(path, source_path)
    if path.is_dir():
        files: Files = Folder(path, root)
    elif path.suffix.lower() == ".zip":
        files = Archive(path)
    elif path.suffix.lower() == ".npz":
        files = Archive(path, "npz")
    else:
        files = LoneFile(path)
    try:
        yield files
    finally:
        files.close()


__all__ = ["SourceError", "SourceSummary", "inspect", "open_files", "require_stamp"]
