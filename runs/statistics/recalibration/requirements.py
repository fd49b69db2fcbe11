"""Say which outputs of a network a recalibration can be fitted to. Pure numpy."""

from __future__ import annotations

import numpy as np

from runs.statistics.roc import Floats, Ints

LEAST = 10
"""Samples of the most frequent class, and of all others together, that a fit needs."""
FARTHEST = 1e30
"""From 0, of outputs that can be computed with."""


def obstacle(logits: Floats, targets: Ints, class_names: list[str], split: str) -> str | None:
    """Return why nothing can be fitted to these outputs; None where that is possible."""
    counts = np.bincount(targets, minlength=len(class_names))
    common, others = int(counts.max()), int(len(targets) - counts.max())
    if min(common, others) < LEAST:
        return _too_few(counts, class_names, split)
    if not (np.abs(logits) <= FARTHEST).all():
        return f"The network's outputs in the {split} split are infinite, or farther from 0 than {FARTHEST:g}."
    alike = np.ptp(logits) == 0 if logits.ndim == 1 else (np.ptp(logits, axis=1) == 0).all()
    return f"The network's outputs in the {split} split are all equal." if alike else None


def _too_few(counts: Ints, class_names: list[str], split: str) -> str:
    if len(class_names) > 2:
        most = class_names[int(counts.argmax())]
        return (
            f"The {split} split has {int(counts.max())} samples of its most frequent class, “{most}”, and "
            f"{int(counts.sum() - counts.max())} of the others: at least {LEAST} of each are needed."
        )
    rarer = int(counts.argmin())
    samples = f"{int(counts[rarer])} sample{'' if counts[rarer] == 1 else 's'}"
    return f"The {split} split has {samples} of “{class_names[rarer]}”: at least {LEAST} of each class are needed."
