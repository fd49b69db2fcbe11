"""CPU time of numbers of a million predictions beside scikit-learn: `python -m benchmarks.final_numbers [CLASSES]`.

Accuracy, precision, recall, F1, AUROC (macro averages with more than two classes) and the confusion matrix, as each
epoch's validation and the final evaluation have them; by us in one call, by scikit-learn in a function each.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from sklearn import metrics as sk

from experiments.training.metrics.counting import confusion_matrix
from runs.statistics.predictions import scores_from_logits
from runs.statistics.roc import Floats, Ints
from runs.statistics.score_statistics import epoch_metrics

SAMPLES = 1_000_000


def drawn(classes: int, samples: int = SAMPLES) -> tuple[Floats, Ints]:
    """Draw labels, and scores that say something of them."""
    random = np.random.default_rng(0)
    targets = random.integers(0, classes, samples)
    if classes == 2:
        return scores_from_logits(random.normal(size=samples) + targets - 0.5), targets
    logits = random.normal(size=(samples, classes))
    logits[np.arange(samples), targets] += 1.0
    return scores_from_logits(logits), targets


def ours(scores: Floats, targets: Ints) -> None:
    epoch_metrics("val", loss=0.0, scores=scores, targets=targets, count=confusion_matrix)


def by_scikit_learn(scores: Floats, targets: Ints) -> None:
    two = scores.ndim == 1
    said = (scores >= 0.5).astype(int) if two else scores.argmax(axis=1)
    average = "binary" if two else "macro"
    sk.confusion_matrix(targets, said)
    sk.accuracy_score(targets, said)
    for number in (sk.precision_score, sk.recall_score, sk.f1_score):
        number(targets, said, average=average, zero_division=0)
    sk.roc_auc_score(targets, scores, **({} if two else {"multi_class": "ovr"}))


def ratios(classes: int, rounds: int) -> list[float]:
    """Return ours / scikit-learn's of each round."""
    scores, targets = drawn(classes)
    ours(scores[:1_000], targets[:1_000])
    return [
        cpu_seconds(lambda: ours(scores, targets)) / cpu_seconds(lambda: by_scikit_learn(scores, targets))
        for _ in range(rounds)
    ]


def cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU seconds of all threads."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    classes = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    found = ratios(classes, 5)
    print(
        f"{classes} classes, ours / scikit-learn: {statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"
    )


if __name__ == "__main__":
    main()
