"""What all final statistics of many samples cost, with their intervals. Run: `python -m benchmarks.bootstrap`.

With them are the points of the curves, thinned for drawing, and the same statistics per patient. The yardstick is the
usual loop: patients are drawn, their samples gathered, and scikit-learn computes of them all numbers that have an
interval, of the samples and of the patients. Some draws are timed and multiplied. CPU time, so that a busy machine
disturbs little.
"""

from __future__ import annotations

import argparse
import resource
import time
from typing import NamedTuple

import numpy as np
from sklearn import metrics as sk

from runs.statistics.curve_points import precision_recall_points, roc_points, steps
from runs.statistics.intervals.resampling import RESAMPLES
from runs.statistics.patient_level import patient_statistics
from runs.statistics.predictions import evaluated
from runs.statistics.roc import Floats, Ints
from runs.statistics.score_statistics import split_statistics

NAMES = ["no", "yes"]
DRAWN = 500  # points of a curve, as pages have


def drawn(samples: int, patients: int) -> tuple[Floats, Ints, Ints]:
    """Draw scores, labels and patients."""
    random = np.random.default_rng(0)
    scores = random.random(samples)
    of = np.append(np.arange(patients), random.integers(0, patients, samples - patients))
    return scores, (random.random(samples) < scores).astype(np.int64), of


class Table(NamedTuple):
    """Scores and labels of samples, or of patients."""

    scores: Floats
    targets: Ints

    def at(self, places: Ints) -> Table:
        """Return those at these places."""
        return Table(self.scores[places], self.targets[places])


def means(samples: Table, patients: Ints) -> Table:
    """Return the mean score and the highest label of each patient."""
    labels = np.bincount(patients, weights=samples.targets) > 0
    scores = np.bincount(patients, weights=samples.scores) / np.bincount(patients)
    return Table(scores, labels.astype(np.int64))


def one_draw_of_the_loop(samples: Table, people: Table, samples_of: list[Ints], random: np.random.Generator) -> None:
    """Draw patients and compute with scikit-learn all that has an interval."""
    by_scikit_learn(
        samples.at(np.concatenate([samples_of[one] for one in random.integers(0, len(samples_of), len(samples_of))]))
    )
    by_scikit_learn(people.at(random.integers(0, len(samples_of), len(samples_of))))


def by_scikit_learn(drawn: Table) -> None:
    """Compute one by one what has an interval."""
    score, y = drawn
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


def everything(samples: Table, patients: Ints) -> None:
    """Compute what a run's evaluation of a split has, and the points of its curves."""
    split = evaluated(samples.scores, samples.targets, patients=patients)
    split_statistics(split, NAMES)
    patient_statistics(split, NAMES, None)
    found = steps(samples.scores, samples.scores, samples.targets == 1)
    roc_points(found, DRAWN)
    precision_recall_points(found, DRAWN)


def main() -> None:
    """Print the times, their ratio, and the memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--draws", type=int, default=3, help="draws of the loop that are timed (default 3)")
    asked = parser.parse_args()
    scores, targets, patients = drawn(asked.samples, asked.patients)
    samples = Table(scores, targets)

    before, start, clock = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time(), time.perf_counter()
    everything(samples, patients)
    ours, wall = time.process_time() - start, time.perf_counter() - clock
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    order = np.argsort(patients, kind="stable")
    samples_of = np.split(order, np.cumsum(np.bincount(patients))[:-1])
    people = means(samples, patients)
    random, start = np.random.default_rng(1), time.process_time()
    for _ in range(asked.draws):
        one_draw_of_the_loop(samples, people, samples_of, random)
    loop = (time.process_time() - start) / asked.draws * RESAMPLES
    print(f"all statistics, {RESAMPLES} resamples: {ours:.1f} s CPU, {wall:.1f} s, {grown / 1024:.0f} MiB more")
    print(f"scikit-learn's loop of {RESAMPLES}: {loop:.0f} s CPU (from {asked.draws} draws); ratio {ours / loop:.4f}")


if __name__ == "__main__":
    main()
