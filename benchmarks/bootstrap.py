"""What all final statistics of many samples cost, with their intervals. Run: `python -m benchmarks.bootstrap`.

The yardstick is the usual loop: patients are drawn, their samples gathered, and scikit-learn computes of them all
numbers that have an interval. Some draws are timed and multiplied. CPU time, so that a busy machine disturbs little.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from sklearn import metrics as sk

from runs.statistics.intervals.resampling import RESAMPLES
from runs.statistics.roc import Floats, Ints
from runs.statistics.score_statistics import final_statistics


def drawn(samples: int, patients: int) -> tuple[Floats, Ints, Ints]:
    """Draw scores, labels and patients."""
    random = np.random.default_rng(0)
    scores = random.random(samples)
    of = np.append(np.arange(patients), random.integers(0, patients, samples - patients))
    return scores, (random.random(samples) < scores).astype(np.int64), of


def one_draw_of_the_loop(scores: Floats, targets: Ints, samples_of: list[Ints], random: np.random.Generator) -> None:
    """Draw patients and compute with scikit-learn all that has an interval."""
    at = np.concatenate([samples_of[patient] for patient in random.integers(0, len(samples_of), len(samples_of))])
    y, score = targets[at], scores[at]
    said = score >= 0.5
    sk.roc_auc_score(y, score)
    sk.average_precision_score(y, score)
    sk.brier_score_loss(y, score)
    sk.log_loss(y, score)
    sk.f1_score(y, said)
    sk.matthews_corrcoef(y, said)
    sk.balanced_accuracy_score(y, said)
    sk.accuracy_score(y, said)
    for label in (0, 1):
        sk.recall_score(y, said, pos_label=label)
        sk.precision_score(y, said, pos_label=label)


def main() -> None:
    """Print both times, their ratio, and the memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--draws", type=int, default=3, help="draws of the loop that are timed (default 3)")
    asked = parser.parse_args()
    scores, targets, patients = drawn(asked.samples, asked.patients)

    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    final_statistics(scores, targets, class_names=["no", "yes"], patients=patients)
    ours = time.process_time() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    order = np.argsort(patients, kind="stable")
    samples_of = np.split(order, np.cumsum(np.bincount(patients))[:-1])
    random, start = np.random.default_rng(1), time.process_time()
    for _ in range(asked.draws):
        one_draw_of_the_loop(scores, targets, samples_of, random)
    loop = (time.process_time() - start) / asked.draws * RESAMPLES
    print(f"all statistics, {RESAMPLES} resamples: {ours:.1f} s CPU, {grown / 1024:.0f} MiB more")
    print(f"scikit-learn's loop of {RESAMPLES}: {loop:.0f} s CPU (from {asked.draws} draws); ratio {ours / loop:.4f}")


if __name__ == "__main__":
    main()
