"""Cross-validation: divide samples into parts that each validate once; stratified, by whole patients."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Sequence

from experiments.training.contract.source_errors import SourceError, some
from experiments.training.data.splitting import grouping


def assign(
    labels: Sequence[int], patient_ids: Sequence[str | None], classes: Sequence[str], folds: int, seed: int
) -> list[int]:
    """Assign each sample the fold, 1 to `folds`, in which it validates; labels and patients run along the samples.

    The result is a function of the seed and the samples in their order. Raises SourceError unless every fold gets
    samples of every class.
    """
    grouped = grouping.are_shared(patient_ids)
    patients = grouping.people(patient_ids)
    _require_enough(classes, labels, patients, folds, noun="patients" if grouped else "samples")
    fold_of = _grouped(labels, patients, folds, seed) if grouped else _dealt(labels, folds, seed)
    _require_all_classes(classes, labels, fold_of, folds)
    return fold_of


def _dealt(labels: Sequence[int], folds: int, seed: int) -> list[int]:
    """Shuffle and distribute in turn, class after class: folds differ by at most one sample, per class and in total."""
    fold_of = [0] * len(labels)
    turn = 0
    for label in sorted(set(labels)):
        members = [at for at, other in enumerate(labels) if other == label]
        random.Random(f"{seed}/folds/{label}").shuffle(members)  # noqa: S311
        for at in members:
            fold_of[at] = turn % folds + 1
            turn += 1
    return fold_of


def _grouped(labels: Sequence[int], patients: Sequence[Hashable], folds: int, seed: int) -> list[int]:
    wanted = [labels.count(label) / folds for label in range(max(labels) + 1)]
    return grouping.place(labels, patients, dict.fromkeys(range(1, folds + 1), wanted), seed)


def _require_enough(
    classes: Sequence[str], labels: Sequence[int], patients: Sequence[Hashable], folds: int, *, noun: str
) -> None:
    found = Counter(label for label, _ in set(zip(labels, patients, strict=True)))
    small = [f"{name!r} has {found[label]}" for label, name in enumerate(classes) if found[label] < folds]
    if small:
        fewest = min(found[label] for label in range(len(classes)))
        cure = f"choose at most {fewest} folds, or add {noun}" if fewest > 1 else f"add {noun}, or leave the class out"
        raise _error(
            f"Each of the {folds} folds needs {noun} of every class, but outside any test split class {some(small)}; "
            f"{cure}."
        )


def _require_all_classes(classes: Sequence[str], labels: Sequence[int], fold_of: Sequence[int], folds: int) -> None:
    """Raise SourceError if patients with samples of several classes left a fold without one of them."""
    held = set(zip(fold_of, labels, strict=True))
    for fold in range(1, folds + 1):
        missing = [repr(name) for label, name in enumerate(classes) if (fold, label) not in held]
        if missing:
            raise _error(
                f"Fold {fold} of {folds} would validate without class {some(missing)}: its patients are too few or "
                "too large; choose fewer folds."
            )


def _error(message: str) -> SourceError:
    return SourceError("data.folds", message)
