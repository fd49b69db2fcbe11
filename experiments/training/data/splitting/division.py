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
from experiments.training.data.files.index import Index, Sample
from experiments.training.data.splitting import folds, grouping, split_files

WORDS: dict[SplitName, str] = {"train": "training", "val": "validation", "test": "test"}


def divide(config: TrainingConfig, index: Index, roots: Sequence[Path]) -> list[SplitName]:
    """Assign a split to each sample, in the order of the index.

    The result is a function of configuration, samples and split file only. A configuration for all folds gets the fold
    with the fewest training samples: what suffices for it suffices for all. Raises SourceError for a patient in two
    splits, unless leakage is allowed, when training or validation would lack a class, and unless each device gets a
    part of every split.
    """
    if len(index.classes) < 2:
        name = next(iter(index.classes), "none")
        raise _error(f"All samples are of one class ({name}); a training needs two or more.")
    given = split_files.read(config.data.split_file, index, roots) if config.data.split_file else _given(index)
    if not config.data.allow_leakage:
        _refuse_leaks(index.samples, given)
    assigned = _completed(config, index, given)
    if config.data.folds:
        assigned = _with_fold(config, config.data.folds, index, assigned)
    require_all_classes(index, assigned)
    _require_a_part_for_each_device(config, assigned)
    return assigned


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


def _refuse_leaks(samples: Sequence[Sample], given: Sequence[SplitName | None]) -> None:
    splits_of: dict[str, set[SplitName]] = defaultdict(set)
    for sample, split in zip(samples, given, strict=True):
        if split:
            splits_of[sample.patient_id].add(split)
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
        for at, split in zip(members, _made([index.samples[at] for at in members], index, shares, config), strict=True):
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
    fold_of = folds.assign([index.samples[at] for at in members], index.classes, number, config.seed)
    [(largest, _)] = Counter(fold_of).most_common(1)
    held_out = {at for at, fold in zip(members, fold_of, strict=True) if fold == (config.data.fold or largest)}
    return ["val" if at in held_out else split for at, split in enumerate(assigned)]


def _missing_shares(config: DataConfig, present: set[SplitName]) -> Shares:
    return Shares(
        val=0.0 if "val" in present or config.folds else config.val_fraction,
        test=0.0 if "test" in present else config.test_fraction,
    )


def _made(samples: Sequence[Sample], index: Index, shares: Shares, config: TrainingConfig) -> list[SplitName]:
    labels = [sample.label for sample in samples]
    patients = [sample.patient_id for sample in samples]
    grouped = len(set(patients)) < len(patients)
    _require_enough(index.classes, labels, patients, shares, noun="patients" if grouped else "samples")
    if grouped:
        return grouping.assign(labels, patients, shares, config.seed)
    return splits.assign(labels, shares, config.seed)


def _require_enough(
    classes: Sequence[str], labels: Sequence[int], patients: Sequence[str], shares: Shares, *, noun: str
) -> None:
    needed = splits.needed(shares)
    found = Counter(label for label, _ in set(zip(labels, patients, strict=True)))
    small = [f"{name!r} has {found[label]}" for label, name in enumerate(classes) if found[label] < needed]
    if small:
        parts = ["training", *(["validation"] if shares.val else []), *(["test"] if shares.test else [])]
        listed = f"{', '.join(parts[:-1])} and {parts[-1]}"
        raise _error(
            f"Each class needs at least {needed} {noun}, so that {listed} get one each, but class {some(small)}. "
            f"Add {noun}, or leave the class out."
        )


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
