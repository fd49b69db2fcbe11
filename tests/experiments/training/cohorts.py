"""Random samples and patients as real data sets have them, and folds of them; loads no torch."""

from __future__ import annotations

import random
from typing import Any

from experiments.training.contract.config import TrainingConfig
from experiments.training.data.files.index import Index, Sample
from tests.experiments.training.datasets import config_of

CLASSES = ["a", "b", "c"]


def asked(folds: int, *, seed: int = 42, **data: Any) -> list[TrainingConfig]:
    """List the configurations of all folds."""
    return config_of("x", data={"folds": folds, **data}, seed=seed).of_each_run()


def own_patients(*counts: int) -> Index:
    """Make so many samples of each class, mixed in order, each its own patient."""
    labels = [label for label, count in enumerate(counts) for _ in range(count)]
    random.Random(0).shuffle(labels)
    samples = [Sample(f"{n:04d}", f"{n:04d}", label) for n, label in enumerate(labels)]
    return Index(CLASSES[: len(counts)], samples)


def cohort(seed: int, *, least: int) -> Index:
    """Make at least so many patients of each class, up to 60, with one to twelve images of one or more classes."""
    chance = random.Random(seed)
    samples: list[Sample] = []
    for number in range(chance.randint(3 * least, 60)):
        for _ in range(chance.choice([1, 1, 2, 3, 5, chance.randint(1, 12)])):
            label = number % 3 if number < 3 * least or chance.random() < 0.7 else chance.randrange(3)
            samples.append(Sample(f"{len(samples):04d}", f"p{number}", label))
    return Index(CLASSES, samples)
