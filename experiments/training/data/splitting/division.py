"""Divide samples into training, validation and test: as an earlier run did, as the data say, or by patients.

In cross-validation all folds share the same test split; each validates on another part of the rest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from experiments.training.contract import splits
from experiments.training.contract.config import DataConfig, TrainingConfig
from experiments.training.contract.source_errors import SourceError, some
from experiments.training.contract.splits import Shares, SplitName
from experiments.training.data.files.index import Index
from experiments.training.data.splitting import folds, grouping, split_files

WORDS: dict[SplitName, str] = {"train": "training", "val": "validation", "test": "test"}
ABOUT_CLASSES = ("empty_folders", "classes_elsewhere")
"""Findings that tell where the classes may be."""


def divide(config: TrainingConfig, index: Index, roots: Sequence[Path]) -> list[SplitName]:
    """Assign a split to each sample, in the order of the index.

    The result is a function of configuration, samples and split file only. A configuration for all folds gets the fold
    with the fewest training samples: what suffices for it suffices for all. Raises SourceError for a patient in two
    splits, unless leakage is allowed, when training or validation would lack a class, and unless each device gets a
    part of every split.
    """
    if len(index.classes) < 2:
        raise _one_class(index)
    given = split_files.read(config.data.split_file, index, roots) if config.data.split_file else _given(index)
    if not config.data.allow_leakage:
        _refuse_leaks(index.patient_ids, given)
    assigned = _completed(config, index, given)
    if config.data.folds:
        assigned = _with_fold(config, config.data.folds, index, assigned)
    require_all_classes(index, assigned)
    _require_a_part_for_each_device(config, assigned)
    return assigned


def _one_class(index: Index) -> SourceError:
    """Refuse a single class in words that say what was taken for the classes."""
    name = next(iter(index.classes), "none")
    taken = f", which was taken from {index.reading.classes_from}" if index.reading.classes_from else ""
    table = index.reading.table is not None
    return SourceError(
        "data.target_column" if table else "source_path",
        f"All {len(index.samples):,} samples have the class {name!r}{taken}; a training needs two classes or more. "
        + ("Name the column with the classes." if table else "Name the folder that holds one folder for each class.")
        + "".join(f" {finding.text}" for finding in index.reading.findings if finding.code in ABOUT_CLASSES),
    )


def _require_a_part_for_each_device(config: TrainingConfig, assigned: Sequence[SplitName]) -> None:
    split, fewest = min(Counter(assigned).items(), key=lambda counted: counted[1])
    if fewest < config.trainer.processes:
        raise SourceError(
            "trainer.devices",
            f"{config.trainer.processes} is more than the {fewest} {WORDS[split]} samples, of which each device needs "
            f"one; choose at most {fewest}.",
        )


def _given(index: Index) -> list[SplitName | None]:
    return index.splits


def _refuse_leaks(patients: Sequence[str | None], given: Sequence[SplitName | None]) -> None:
    if not any(given):
        return
    splits_of: dict[str, set[SplitName]] = defaultdict(set)
    for patient, split in zip(patients, given, strict=True):
        if split and patient is not None:
            splits_of[patient].add(split)
    leaking = [f"{patient} ({', '.join(sorted(parts))})" for patient, parts in splits_of.items() if len(parts) > 1]
    if leaking:
        raise _error(
            f"{len(leaking)} patients are in two of the given splits: {some(leaking, 10)}. Results on patients who "
            "were trained on look better than they are; put each patient into one split, or set data.allow_leakage to "
            "true, which marks the run permanently."
        )


def _completed(config: TrainingConfig, index: Index, given: Sequence[SplitName | None]) -> list[SplitName]:
    """Keep the given splits and take missing ones from the given training samples, or from all samples."""
    present = {split for split in given if split}
    if present and "train" not in present:
        raise _error(f"The data give the splits {', '.join(sorted(present))}, but none to train on; add train.")
    if config.data.folds and "val" in present:
        message = "The data say what validates, and so do folds; leave data.folds out, or give only train and test."
        raise SourceError("data.folds", message)
    assigned: list[SplitName] = [split or "train" for split in given]
    shares = _missing_shares(config.data, present)
    if shares.val or shares.test:
        members = _training(index, assigned)
        for at, split in zip(members, _made(members, index, shares, config), strict=True):
            assigned[at] = split
    return assigned


def _training(index: Index, assigned: Sequence[SplitName]) -> list[int]:
    """List the positions of the training samples by id, so that the order of a table's rows decides nothing."""
    members = [at for at, split in enumerate(assigned) if split == "train"]
    ids = index.ids
    return sorted(members, key=ids.__getitem__)


def _with_fold(config: TrainingConfig, number: int, index: Index, assigned: Sequence[SplitName]) -> list[SplitName]:
    """Move one of `number` equal parts of the training samples to validation."""
    members = _training(index, assigned)
    all_labels, all_patients = index.labels, index.patient_ids
    labels, patients = [all_labels[at] for at in members], [all_patients[at] for at in members]
    fold_of = folds.assign(labels, patients, index.classes, number, config.seed)
    [(largest, _)] = Counter(fold_of).most_common(1)
    held_out = {at for at, fold in zip(members, fold_of, strict=True) if fold == (config.data.fold or largest)}
    return ["val" if at in held_out else split for at, split in enumerate(assigned)]


def _missing_shares(config: DataConfig, present: set[SplitName]) -> Shares:
    return Shares(
        val=0.0 if "val" in present or config.folds else config.val_fraction,
        test=0.0 if "test" in present else config.test_fraction,
    )


def _made(members: Sequence[int], index: Index, shares: Shares, config: TrainingConfig) -> list[SplitName]:
    all_labels, all_patients = index.labels, index.patient_ids
    labels, patients = [all_labels[at] for at in members], [all_patients[at] for at in members]
    if not grouping.are_shared(patients):
        _require_enough(index, Counter(labels), shares, noun="samples")
        return splits.assign(labels, shares, config.seed)
    people = grouping.people(patients)
    _require_enough(
        index, Counter(label for label, _ in set(zip(labels, people, strict=True))), shares, noun="patients"
    )
    return grouping.assign(labels, people, shares, config.seed)


def _require_enough(index: Index, found: Counter[int], shares: Shares, *, noun: str) -> None:
    """Raise SourceError unless each class has enough; `found` are the samples, or patients, of each."""
    needed = splits.needed(shares)
    small = [f"{name!r} has {found[label]}" for label, name in enumerate(index.classes) if found[label] < needed]
    if small:
        parts = ["training", *(["validation"] if shares.val else []), *(["test"] if shares.test else [])]
        listed = f"{', '.join(parts[:-1])} and {parts[-1]}"
        raise _error(
            f"Each class needs at least {needed} {noun}, so that {listed} get one each, but class {some(small)}. "
            f"Add {noun}, or leave the class out.{_other_patients(index) if noun == 'patients' else ''}"
        )


def _other_patients(index: Index) -> str:
    """Say how patients that the request does not name were found, and how to train without them."""
    why = index.reading.patients.why
    return f" {why} If these are no patients, set data.patients to each_sample." if why else ""


def require_all_classes(index: Index, assigned: Sequence[SplitName]) -> None:
    """Raise SourceError unless training and validation have every class; a test split may lack some."""
    found = set(zip(assigned, index.labels, strict=True))
    for split in ("train", "val"):
        missing = [repr(name) for label, name in enumerate(index.classes) if (split, label) not in found]
        if missing:
            raise _error(
                f"The {WORDS[split]} split has no sample of class {some(missing)}; move some there, "
                "or leave the splits to be made here."
            )


def _error(message: str) -> SourceError:
    return SourceError("source_path", message)
